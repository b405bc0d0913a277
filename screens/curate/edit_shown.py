"""One edit, as the history shows it: who, when, why, each fact before and after, and what followed."""

from __future__ import annotations

from collections.abc import Sequence

from core.curate.rows import Change, EditShown
from core.text import one_line
from screens.dialogs import PagerScreen
from screens.result_lines import plain
from screens.widgets.spans import Line, Span, fit, wrap

NAME = 20
"""Cells of a fact's name."""


def moment(at: str) -> str:
    """A stored time to the minute."""
    return at[:16].replace("T", " ")


class EditScreen(PagerScreen):
    """One edit, with what was before it and after it."""

    def __init__(self, shown: EditShown) -> None:
        super().__init__(f"Edit {shown.edit}: {shown.kind}")
        self._shown = shown

    def lines(self, width: int) -> list[Line]:
        """Who, when, why; then each change; then what followed from it."""
        return edit_lines(self._shown, width)


def edit_lines(shown: EditShown, width: int) -> list[Line]:
    """An edit: what it did, by whom and why, each fact before and after, and what followed."""
    lines = [Line(((part, "strong"),)) for part in wrap(one_line(shown.summary, 2_000), width)]
    lines.append(
        Line(
            (
                (
                    f"{one_line(shown.actor, 60)} \u00b7 {moment(shown.at)} \u00b7 {one_line(shown.run, 60)}",
                    "dim",
                ),
            )
        )
    )
    if shown.reason:
        lines += [Line(((part, "text"),)) for part in wrap(f"Why: {one_line(shown.reason, 2_000)}", width)]
    if shown.undone_by is not None:
        lines.append(Line(((f"Undone by edit {shown.undone_by}.", "warn"),)))
    if shown.moves:
        lines += [Line(), Line((("Queries that moved", "heading"),))]
        for move in shown.moves:
            first = ", ".join(str(number) for number in move.examples)
            more = "" if move.queries <= len(move.examples) else ", \u2026"
            words = f"{place(move.from_cluster)} \u2192 {place(move.to)}"
            lines.append(
                Line(
                    (
                        (f"{move.queries:>7,} ", "number"),
                        (words, "text"),
                        (f"   queries {first}{more}", "dim"),
                    )
                )
            )
    lines += _decided(shown.changes, width)
    derived = [change for change in shown.derived if _tells(change)]
    if derived:
        lines += [Line(), Line((("What followed from it", "heading"),))]
        for change in derived:
            name = f"{change.what} {one_line(change.id, 40)} {change.field.replace('_', ' ')}"
            tree: tuple[Span, ...] = (
                ((f"  in {one_line(change.hierarchy, 40)}", "dim"),) if change.hierarchy else ()
            )
            sides = (change.before, change.after)
            values = " \u2192 ".join("none" if side in EMPTY else one_line(plain(side), 60) for side in sides)
            lines.append(Line(((f"  {fit(name, 32)} ", "dim"), (values, "dim"), *tree)))
    lines += [Line(), Line((("As a line of script", "heading"),))]
    return lines + [Line(((part, "dim"),)) for part in wrap(shown.line, width)]


EMPTY = (None, "", ())
"""Values that say nothing: a thing that came or went has many of them."""


def _tells(change: Change) -> bool:
    return change.before not in EMPTY or change.after not in EMPTY


def _decided(changes: Sequence[Change], width: int) -> list[Line]:
    """Each thing with its facts before and after; one that came or went with what it was like."""
    lines: list[Line] = []
    things = dict.fromkeys((change.what, change.id, change.hierarchy) for change in changes)
    for what, id, tree in things:
        facts = [c for c in changes if (c.what, c.id, c.hierarchy) == (what, id, tree)]
        came, went = (all(getattr(c, side) is None for c in facts) for side in ("before", "after"))
        whole = came != went and any(c.field in ("kind", "parent", "query_id", "flag") for c in facts)
        head = f"{what} {one_line(id, 40)}"
        lines.append(
            Line(
                (
                    (head, "other"),
                    (f" in {one_line(tree, 40)}" if tree else "", "dim"),
                    ((" was made" if came else " went away") if whole else "", "strong"),
                )
            )
        )
        for fact in facts:
            if not _tells(fact):
                continue
            name = fact.field.replace("_", " ")
            value = one_line(plain(fact.after if came else fact.before), 1_000)
            if whole:
                lines += _value(f"{name}", value, "text" if came else "dim", width)
                continue
            for word, side, look in (("before", fact.before, "dim"), ("after", fact.after, "text")):
                words = "(empty)" if side in EMPTY else one_line(plain(side), 1_000)
                lines += _value(f"{name} {word}", words, look, width)
    return [Line(), Line((("What was decided", "heading"),)), *lines] if lines else []


def _value(name: str, value: str, look: str, width: int) -> list[Line]:
    """A name and a value in wrapped lines."""
    return [
        Line(((f"  {fit(name if n == 0 else '', NAME)} ", "dim"), (part, look)))
        for n, part in enumerate(wrap(value, width - NAME - 4))
    ]


def place(cluster: int | None) -> str:
    """Where queries are, in words; null is for those that the run does not have."""
    return {None: "outside the run", -1: "the noise", -2: "the orphans"}.get(cluster, f"cluster {cluster}")
