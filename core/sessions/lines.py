"""An action and its parameters as a line of script, and back again to the same action whatever stood around it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from core.paths import is_file, is_folder, user_path
from core.references import literal, meant
from core.registry import Action
from core.session import Result
from core.text import visible
from core.view import View

UNDOING = ("edit.undo", "edit.redo")
_CLUSTERING = ("run.kmeans", "run.hdbscan")
_AS_GIVEN = ("search.save",)
"""What is stored of these is what was said, so that nothing may be said that was not."""
_PATHS = ("path", "source", "prompt", "prompts")

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE = re.compile(rf"\$(?={_NAME}|\{{{_NAME}\}})")
_DOUBLED = re.compile(rf"\$\$(?={_NAME}|\{{{_NAME}\}})")
_BARE = re.compile(r"[A-Za-z0-9_.,:/@%+\-]+")
_QUOTED = re.compile(r'["\\$`]')


@dataclass(frozen=True)
class Step:
    """One action to do again; every value is a text, a number, true or false."""

    action: str
    params: dict[str, Any] = field(default_factory=dict)


def steps_of(act: Action, params: dict[str, Any], result: Result, before: View) -> tuple[Step, ...]:
    """What does again what an action did, wherever the one who does it stands.

    Defaults that depend on where the user was are written out, paths are absolute, an undo names its edits, and `expect=` is
    left out: whoever does it again starts from the same store.

    Args:
        act: The action.
        params: Its parameters, as they were checked.
        result: What it answered.
        before: Where the user was when it began.
    """
    given = {k: v for k, v in params.items() if v is not None and k != "expect"}
    if act.id in UNDOING:
        reason = {"reason": given["reason"]} if given.get("reason") else {}
        return tuple(Step(act.id, {"edit": done.target, **reason}) for done in result.data)
    if act.id not in _AS_GIVEN:
        given |= {k: v for k, v in _places(act, given, result, before).items() if v is not None}
    if act.effect != "view":
        given |= {name: _absolute(given[name]) for name in _PATHS if name in given}
    return (Step(act.id, given),)


def _places(act: Action, given: dict[str, Any], result: Result, before: View) -> dict[str, Any]:
    """The run, the dataset and the space that were meant, where none were named."""
    found: dict[str, Any] = {}
    free = [name for name in ("run", "dataset", "space", "set") if name in act.params and name not in given]
    clusters_anew = act.id in _CLUSTERING and "within" not in given and "cluster" not in given
    for name in free:
        if name == "run" and not clusters_anew:
            found[name] = before.run
        elif name in ("dataset", "space") and clusters_anew:
            found[name] = getattr(result.view, name)
        elif name in ("dataset", "space") and "run" not in act.params:
            found[name] = getattr(result.data, name, None)
        elif name == "set" and act.id == "summary.resume":
            found[name] = getattr(result.data, "summary_set", None)
    if "dataset" in free and "run" not in act.params and found.get("dataset") is None:
        found["dataset"] = before.dataset
    return found


def _absolute(value: Any) -> Any:
    """A path that is there, from the root on; any other value as it is."""
    if not isinstance(value, str) or value in ("", "sample") or "\n" in value:
        return value
    path = user_path(value)
    return str(path.absolute()) if is_file(path) or is_folder(path) else value


def recorded(step: Step) -> dict[str, Any]:
    """The step as the JSON object that a script may hold: what looks like a reference in a text stays that text."""
    return {"action": step.action, "params": {name: _as_said(value) for name, value in step.params.items()}}


def json_line(step: Step) -> str:
    """The step as a line of script in JSON, letters as they are."""
    return json.dumps(recorded(step), ensure_ascii=False)


def script_line(step: Step) -> str:
    """The step as a line of script: `cluster.rename cluster=3 title="Two words"`, or JSON where words cannot say it."""
    words = [step.action]
    for name, value in step.params.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if visible(text) != text or "\n" in text:
            return json.dumps(recorded(step))
        text = literal(text) if isinstance(value, str) else text
        if text and not _BARE.fullmatch(text):
            text = '"' + _QUOTED.sub(r"\\\g<0>", text) + '"'
        words.append(f"{name}={text}")
    return " ".join(words)


def _as_said(value: Any) -> Any:
    """A text in which a script finds no `$NAME` to fill, and no `@name` that stands for something."""
    return _REFERENCE.sub("$$", literal(value)) if isinstance(value, str) else value


def plain_step(action: str, params: dict[str, Any]) -> Step:
    """The step that `recorded` wrote down."""
    return Step(str(action), {str(name): _meant(value) for name, value in params.items()})


def _meant(value: Any) -> Any:
    """The text that a script takes a recorded text for."""
    if not isinstance(value, str):
        return value
    return meant(_DOUBLED.sub("$", value))
