"""The one table of actions: what can be done, by whom, with which parameters.

Keys, footer, palette, help, `:` prompt, `--script`, `--actions` and the session journal all read this table.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Union, get_args, get_origin

from core.errors import ActionError
from core.keywords import by_plain_names, plain
from core.values import plain_value

Effect = Literal["read", "view", "write", "destroy", "file", "job"]
"""What an action may do: `read` (pure, any thread), `view` (changes the Session), `write` (changes the store), `destroy`
(cannot be undone), `file` (writes outside the store), `job` (long, cancellable)."""

Scope = Literal["global", "runs", "tree", "cluster", "query", "search", "data", "review"]
"""Where a screen offers the action."""

AREAS = (
    "data", "embed", "run", "summary", "hierarchy", "browse", "search", "compare", "evaluation", "facet", "facet_count", "trend", "outlier", "map", "cluster_edit", "cluster_facts", "node_edit",
    "query_edit", "edit", "replay", "review",
    "job", "batch", "export", "session", "app",
)  # fmt: skip
"""The modules of `core.actions`, in the order in which help shows them."""

_INTEGERS = 2**63
"""The store's integers are of 64 bits."""

_JSON_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True)
class Param:
    """One parameter of an action, as its signature and docstring give it."""

    name: str
    annotation: Any
    default: Any
    required: bool
    help: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a `Literal`; empty for every other type."""
        for part in (self.annotation, *get_args(self.annotation)):
            if get_origin(part) is Literal:
                return tuple(str(value) for value in get_args(part))
        return ()

    @property
    def optional(self) -> bool:
        """Whether `None` is a value of the parameter."""
        return type(None) in get_args(self.annotation)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameter."""
        schema = _schema(self.annotation)
        if self.help:
            schema["description"] = self.help
        if not self.required and self.default is not None:
            schema["default"] = self.default
        return schema


def _schema(annotation: Any) -> dict[str, Any]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _schema(next(a for a in args if a is not type(None)))
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if annotation in _JSON_TYPES:
        return {"type": _JSON_TYPES[annotation]}
    raise TypeError(f"{annotation!r} is not a parameter type of an action")


@dataclass(frozen=True)
class Action:
    """One row of the table.

    `run(session, **params)` does the work. `plan` answers `--dry-run` for a job or a file action without doing it; one
    that is `transactional`, which changes nothing but the database and that in one transaction, is run and rolled back, as a
    write or destroy is run in a transaction that is rolled back.
    """

    id: str
    title: str
    scope: Scope
    effect: Effect
    run: Callable[..., Any]
    keys: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    footer: bool = False
    creates_store: bool = False
    needs_store: bool = True
    plan: Callable[..., Any] | None = None
    transactional: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes more than where the user is: a read-only session refuses it."""
        return self.effect not in ("read", "view")

    @property
    def previewed(self) -> bool:
        """Whether `--dry-run` can say what the action would do."""
        return self.effect in ("write", "destroy") or self.plan is not None or self.transactional

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return self.doc.split("\n", 1)[0]

    @cached_property
    def doc(self) -> str:
        """The docstring without its `Args:` section."""
        text = inspect.getdoc(self.run) or ""
        return re.split(r"\n\s*Args:\n", text)[0].strip()

    @cached_property
    def params(self) -> dict[str, Param]:
        """The keyword parameters of `run`, by name, in order."""
        helps = _args_help(inspect.getdoc(self.run) or "")
        signature = inspect.signature(self.run)
        # Only these: what an action answers with is imported for type checkers alone, for making classes takes time.
        names = inspect.unwrap(self.run).__globals__
        return {
            plain(p.name): Param(
                plain(p.name),
                eval(p.annotation, names) if isinstance(p.annotation, str) else p.annotation,
                None if p.default is p.empty else p.default,
                p.default is p.empty,
                helps.get(plain(p.name), ""),
            )
            for p in signature.parameters.values()
            if p.kind is p.KEYWORD_ONLY
        }

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters."""
        return {
            "type": "object",
            "properties": {name: p.schema() for name, p in self.params.items()},
            "required": [name for name, p in self.params.items() if p.required],
            "additionalProperties": False,
        }

    def validate(self, given: dict[str, Any], later: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Parameters coerced to their types.

        Args:
            given: Values by name.
            later: Names whose value is not known yet: they count as given and stay as they are.

        Raises:
            ActionError: `unknown_parameter`, `missing_parameter` or `bad_parameter`.
        """
        for name in given:
            if name not in self.params:
                close = difflib.get_close_matches(name, self.params, 3)
                known = ", ".join(self.params) or "none"
                raise ActionError(
                    "unknown_parameter",
                    f"{self.id} has no parameter {name!r}.",
                    f"Its parameters: {known}.",
                    tuple(close),
                )
        for name, param in self.params.items():
            if param.required and given.get(name) is None:
                raise ActionError(
                    "missing_parameter", f"{self.id} needs {name}=.", f"Example: {self.examples[0]}"
                )
        now = [name for name in given if name not in later]
        if not now:
            return dict(given)
        import pydantic

        fields = {name: (self.params[name].annotation, ...) for name in now}
        model = pydantic.create_model(self.id, **fields)  # type: ignore[call-overload]
        values = {
            name: None
            if given[name] == "" and self.params[name].optional
            else plain_value(name, given[name], self.params[name].annotation)
            for name in now
        }
        try:
            checked = model(**values)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            wanted = self.params[name]
            hint = f"One of: {', '.join(wanted.choices)}." if wanted.choices else wanted.help
            close = difflib.get_close_matches(str(values[name]), wanted.choices, 3)
            message = f"{name}={_short(values[name])}: {first['msg'].lower()}."
            raise ActionError("bad_parameter", message, hint, tuple(close)) from None
        found = {name: getattr(checked, name) for name in now}
        for name, value in found.items():
            if isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS:
                raise ActionError(
                    "bad_parameter", f"{name}={_short(value)} is too large a number.", self.params[name].help
                )
        return {**given, **found}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _args_help(doc: str) -> dict[str, str]:
    """Help by parameter, from a Google style `Args:` section."""
    parts = re.split(r"(?m)^\s*Args:\n", doc)
    if len(parts) < 2:
        return {}
    body = re.split(r"(?m)^\S", parts[1])[0]
    found: dict[str, str] = {}
    name = ""
    for line in body.splitlines():
        if match := re.match(r"^ {4}(\w+): (.*)$", line):
            name = match[1]
            found[name] = match[2].strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


class Registry:
    """Actions by id, in the order in which they were registered."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._loaded = False

    def add(self, action: Action) -> None:
        if action.id in self._actions:
            raise ValueError(f"{action.id} is registered twice")
        self._actions[action.id] = action

    def load(self) -> dict[str, Action]:
        """Every action; the area modules are imported on the first call."""
        if not self._loaded:
            for area in AREAS:
                importlib.import_module(f"core.actions.{area}")
            self._loaded = True
        return self._actions

    def get(self, action_id: str) -> Action:
        """The action of that id.

        Raises:
            ActionError: `unknown_action`, with close matches.
        """
        actions = self.load()
        if action_id in actions:
            return actions[action_id]
        close = difflib.get_close_matches(action_id, actions, 3, 0.5)
        raise ActionError(
            "unknown_action",
            f"There is no action {_short(action_id)!r}.",
            "lmsys-tui --actions lists them.",
            tuple(close),
        )


REGISTRY = Registry()
"""The table."""


def action(
    action_id: str,
    *,
    title: str,
    scope: Scope,
    effect: Effect,
    examples: tuple[str, ...],
    keys: tuple[str, ...] = (),
    footer: bool = False,
    creates_store: bool = False,
    needs_store: bool = True,
    plan: Callable[..., Any] | None = None,
    transactional: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as an action."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.add(
            Action(
                action_id,
                title,
                scope,
                effect,
                by_plain_names(function),
                keys,
                examples,
                footer,
                creates_store,
                needs_store,
                plan,
                transactional,
            )
        )
        return function

    return register
