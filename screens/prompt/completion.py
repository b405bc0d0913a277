"""What the last word of an action line may become, and what it means: pure functions over the table of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from core.registry import REGISTRY, Action, Param
from core.view import View

Known = Mapping[str, Sequence[tuple[str, str]]]
"""By parameter: ids that the workspace holds, each with a word about it."""

SOURCES: dict[str, tuple[str, str, str]] = {
    "run": ("run.list", "run", "label"),
    "dataset": ("data.list", "dataset", ""),
    "hierarchy": ("hierarchy.list", "hierarchy", ""),
    "set": ("summary.list", "summary_set", "alias"),
    "cluster": ("cluster.list", "cluster", "title"),
}
"""By parameter: the action that lists its values, and the fields of a row that hold the value and a word about it."""

LIKE = {
    "into": "cluster",
    "from_cluster": "cluster",
    "within": "node",
    "parent": "node",
    "a": "run",
    "b": "run",
}
"""Parameters that take the values of another one."""


def completions(line: str, known: Known | None = None) -> list[tuple[str, str]]:
    """What the last word of the line may become, each with a word about it: an action, a parameter, or a value."""
    words = line.split(" ")
    last = words[-1]
    if len(words) == 1:
        return _actions(last)
    action = REGISTRY.load().get(words[0])
    if action is None:
        return []
    if "=" in last:
        name, value = last.split("=", 1)
        param = action.params.get(name)
        return [] if param is None else _values(action, param, value, known or {})
    used = {word.split("=", 1)[0] for word in words[1:-1]}
    return [
        (f"{p.name}=", p.help)
        for p in action.params.values()
        if p.name.startswith(last) and p.name not in used
    ]


def _actions(typed: str) -> list[tuple[str, str]]:
    actions = REGISTRY.load().values()
    starts = [a for a in actions if a.id.startswith(typed)]
    inside = [a for a in actions if typed in a.id and a not in starts]
    if not starts and not inside:
        inside = [a for a in actions if initials(typed, a.id) > 0]
        inside.sort(key=lambda a: -initials(typed, a.id))
    return [(a.id + " ", a.summary) for a in (*starts, *inside)]


def _values(action: Action, param: Param, typed: str, known: Known) -> list[tuple[str, str]]:
    if param.choices:
        found = [(value, param.help) for value in param.choices]
    elif bool in (param.annotation, *get_args(param.annotation)):
        found = [(value, param.help) for value in ("true", "false")]
    else:
        name = source_of(action, param.name)
        current = {"set": "summary_set"}.get(name, name)
        here = [(f"@{name}", f"the current {name}")] if current in View.__dataclass_fields__ else []
        found = [*here, *known.get(name, ())]
    return [(f"{param.name}={v} ", about) for v, about in found if v.startswith(typed) and v != typed]


def source_of(action: Action, name: str) -> str:
    """The parameter whose values this one takes: `a` and `b` name runs in the actions on runs alone."""
    if name in ("a", "b") and not action.id.startswith("run."):
        return name
    return LIKE.get(name, name)


def wanted(line: str) -> str | None:
    """The parameter of `SOURCES` whose value the last word of the line is about to be."""
    words = line.split(" ")
    action = REGISTRY.load().get(words[0])
    if action is None or len(words) == 1 or "=" not in words[-1]:
        return None
    name = words[-1].split("=", 1)[0]
    source = source_of(action, name)
    return source if name in action.params and source in SOURCES else None


def meaning(line: str) -> tuple[str, str]:
    """What the action does or the parameter that is being typed wants, and a look: `warn` for what there is not."""
    words = line.split(" ")
    action = REGISTRY.load().get(words[0])
    if action is None:
        some = len(words) > 1
        return (f"There is no action {words[0]!r}; tab completes names.", "warn") if some else ("", "dim")
    name = words[-1].split("=", 1)[0] if len(words) > 1 else ""
    if "=" not in words[-1] or len(words) == 1:
        needed = " ".join(f"{p.name}={kind_of(p)}" for p in action.params.values() if p.required)
        return f"{action.summary}{'  Needs ' + needed if needed else ''}", "dim"
    param = action.params.get(name)
    if param is None:
        known = ", ".join(action.params) or "none"
        return f"{action.id} has no {name}=; its parameters: {known}", "warn"
    default = "needed" if param.required else f"default {_default(param)}"
    return f"{name}= {kind_of(param)}, {default}: {param.help}", "dim"


def kind_of(param: Param) -> str:
    """What a parameter wants, in a word."""
    if param.choices:
        return "|".join(param.choices)
    kinds = {
        str(part.__name__) for part in (param.annotation, *get_args(param.annotation)) if type(part) is type
    }
    names = {"int": "number", "float": "number", "bool": "true|false", "str": "text"}
    return (
        "text" if "str" in kinds else next((names[kind] for kind in sorted(kinds) if kind in names), "text")
    )


def _default(param: Param) -> str:
    if isinstance(param.default, bool):
        return str(param.default).lower()
    return "none" if param.default in (None, "") else str(param.default)


def initials(typed: str, action_id: str) -> float:
    """How well typed letters fit an action's id by the first letters of its words, from 0 for not at all to 1.

    `r.k`, `rk`, `runk` and `run.k` all mean `run.kmeans`: each letter goes on with a word or begins a later one.
    """
    letters = [c for c in typed.lower() if c.isalnum()]
    words = [word for word in action_id.replace("_", ".").split(".") if word]
    if not letters or len(letters) > sum(map(len, words)):
        return 0.0
    used = _fit(letters, words)
    if used is None:
        return 0.0
    whole = len(letters) / sum(map(len, words))
    return 0.5 + 0.25 * used / len(words) + 0.25 * whole


def _fit(letters: list[str], words: list[str]) -> int | None:
    """How many words the letters touch at most, each by its beginning; `None` when they do not fit."""
    if not letters:
        return 0
    if not words:
        return None
    word, rest = words[0], words[1:]
    best: int | None = None
    for length in range(len(word) + 1):
        if length and (length > len(letters) or word[length - 1] != letters[length - 1]):
            break
        after = _fit(letters[length:], rest)
        if after is not None:
            best = max(best or 0, after + (length > 0))
    return best
