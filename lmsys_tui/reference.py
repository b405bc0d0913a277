"""The action table as text for people."""

from __future__ import annotations

from collections.abc import Iterable

from core.registry import Action, Param

_INTRO = """# Actions

Everything that the program can do. An action is run by a key in the Explorer, by
`lmsys-tui do ACTION key=value`, or as a line of a script (`lmsys-tui --script FILE`).
This page is printed by `lmsys-tui --actions --markdown`.

`@dataset`, `@space`, `@run`, `@set`, `@hierarchy`, `@node`, `@cluster` and `@query` stand for the current one.

Effects: `read` changes nothing, `view` changes where you are, `write` changes the store, `destroy` cannot be
undone, `file` writes outside the store, `job` is long and can be stopped.
"""


def reference(actions: Iterable[Action]) -> str:
    """Every action, in Markdown, by what it is about."""
    areas: dict[str, list[str]] = {}
    for act in actions:
        areas.setdefault(act.id.split(".")[0], []).append(_section(act))
    return "\n".join([_INTRO, *(part for area, parts in areas.items() for part in (f"## {area}\n", *parts))])


def _section(act: Action) -> str:
    keys = f" · key {', '.join(f'`{key}`' for key in act.keys)}" if act.keys else ""
    lines = [f"### `{act.id}`\n", f"{act.title} · {act.effect}{keys}\n", act.doc + "\n"]
    if act.params:
        lines.append("| parameter | type | default | |\n|---|---|---|---|")
        lines.extend(f"| `{p.name}` | {_type(p)} | {_default(p)} | {p.help} |" for p in act.params.values())
        lines.append("")
    lines.append("```\n" + "\n".join(act.examples) + "\n```\n")
    return "\n".join(lines)


def action_help(act: Action) -> str:
    """One action, as `lmsys-tui do ACTION --help` prints it."""
    lines = [f"{act.id}: {act.title} ({act.effect})", "", act.doc, ""]
    if act.params:
        width = max(len(name) for name in act.params)
        lines += [f"  {p.name:<{width}}  {p.help}{_note(p)}" for p in act.params.values()] + [""]
    return "\n".join([*lines, *(f"  lmsys-tui do {example}" for example in act.examples)]) + "\n"


def _note(param: Param) -> str:
    notes = [", ".join(param.choices)] if param.choices else []
    if param.required:
        notes.append("needed")
    elif param.default not in (None, ""):
        notes.append(f"default {_shown(param.default)}")
    return f" ({'; '.join(notes)})" if notes else ""


def _type(param: Param) -> str:
    return ", ".join(f"`{choice}`" for choice in param.choices) or str(param.schema()["type"])


def _default(param: Param) -> str:
    if param.required:
        return "needed"
    return "" if param.default in (None, "") else f"`{_shown(param.default)}`"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
