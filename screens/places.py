"""The bars that say where you are and what the keys do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.cells import cell_len
from textual.binding import ActiveBinding
from textual.widget import Widget
from textual.widgets import Input

from core.rows import RunRow
from core.text import one_line
from core.view import View
from screens.explorer.arrange import chips
from screens.explorer.jump import JumpInput
from screens.marks import Marks
from screens.widgets.panes import PANE_TITLES, PANES
from screens.widgets.row_list import RowList
from screens.widgets.spans import Span, fit

KEY_NAMES = {
    "question_mark": "?", "colon": ":", "slash": "/", "escape": "esc", "space": "space", "enter": "enter",
    "shift+tab": "shift+tab", "backspace": "backspace", "pagedown": "pgdn", "pageup": "pgup", "apostrophe": "'", "minus": "-", "plus": "+",
    "equals_sign": "=", "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "comma": ",", "full_stop": ".",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as it stands on the keyboard."""
    return KEY_NAMES.get(key, key)


def header_spans(run: RunRow | None, view: View, folder: Path) -> tuple[Span, ...]:
    """Program, dataset and run, for a wide screen."""
    spans: list[Span] = [(" lmsys-tui ", "tab"), ("  ", "text")]
    if view.dataset:
        spans += [(one_line(view.dataset, 40), "strong"), (" \u203a ", "dim")]
    spans += run_spans(run, view)
    spans.append((f"   {one_line(str(folder), 60)}", "dim"))
    return tuple(spans)


def run_spans(run: RunRow | None, view: View, room: int = 200) -> list[Span]:
    """The run with as many of its counts as have room in so many cells."""
    if view.run is None:
        return [("no run yet", "dim")]
    if run is None:
        return [(one_line(view.run, 40), "text")]
    name = one_line(run.label or run.run, 40)
    counts = [f"  {run.clusters:,} clusters", f" \u00b7 {run.queries:,} queries"]
    counts += [f" \u00b7 {run.noise:,} noise"] if run.noise else []
    while counts and cell_len(name) + sum(map(cell_len, counts)) > room:
        counts.pop()
    return [(name, "strong"), ("".join(counts), "dim")]


def tabs_spans(active: str, run: RunRow | None, view: View, width: int) -> tuple[Span, ...]:
    """The panes as tabs, for a screen of so few cells."""
    spans: list[Span] = []
    for n, name in enumerate(PANES, 1):
        label = f"[{n} {PANE_TITLES[name]}]" if name == active else f" {n} {PANE_TITLES[name]} "
        spans.append((label, "tab" if name == active else "dim"))
    spans.append(("   ", "text"))
    used = sum(cell_len(text) for text, _ in spans)
    return (*spans, *run_spans(run, view, width - used))


def crumbs_spans(view: View, path: Iterable[str], width: int) -> tuple[Span, ...]:
    """Sort and filter, and the way from the root to the open node, shortened in its middle; what is missing where there is
    no tree."""
    if view.run is None:
        return ((" Nothing is clustered yet", "dim"),)
    shown = chips(view)
    before: tuple[Span, ...] = ((" ", "text"), *shown) if shown else ()
    if view.hierarchy is None:
        missing = "no names and no tree yet" if view.summary_set is None else "no tree yet"
        keys = (
            "N names the clusters, then B builds the tree; A does both"
            if view.summary_set is None
            else "B builds it"
        )
        return (*before, (f" {missing}: ", "warn"), (keys, "text"))
    left = width - sum(cell_len(text) for text, _ in before)
    return (*before, *_way(["All queries", *(one_line(title, 200) for title in path)], left))


ARROW = " \u203a "

LEAST = 12
"""Cells that a title has at least before others go."""


def _way(titles: list[str], width: int) -> list[Span]:
    """The titles with arrows between in at most `width` cells: what is in the middle goes first, then the ends are cut."""
    shown = list(titles)
    while len(shown) > 3 and _cells(shown) > width:
        middle = [n for n in range(1, len(shown) - 1) if shown[n] != ELLIPSIS]
        if not middle:
            break
        gone = middle[(len(middle) - 1) // 2]
        shown[gone] = ELLIPSIS
        shown = [title for n, title in enumerate(shown) if title != ELLIPSIS or shown[n - 1] != ELLIPSIS]
    for n in sorted(range(len(shown)), key=lambda n: -cell_len(shown[n])):
        over = _cells(shown) - width
        if over > 0 and shown[n] != ELLIPSIS:
            shown[n] = fit(shown[n], max(cell_len(shown[n]) - over, LEAST)).rstrip()
    spans: list[Span] = [(f" {shown[0]}", "dim")]
    for n, title in enumerate(shown[1:], 1):
        spans += [(ARROW, "dim"), (title, "strong" if n == len(shown) - 1 else "other")]
    return spans


ELLIPSIS = "\u2026"


def _cells(titles: list[str]) -> int:
    return 1 + sum(map(cell_len, titles)) + cell_len(ARROW) * (len(titles) - 1)


MARKED_QUERIES = ("query.move", "query.flag", "cluster.split")
MARKED_CLUSTERS = (
    "cluster.merge",
    "cluster.tag",
    "cluster.flag",
    "node.move",
    "node.create",
    "cluster.delete",
)
MARKED_THEMES = ("node.merge", "node.move", "node.create")
"""What is done with marked rows, in the order in which the footer offers it."""


def footer_spans(
    bindings: Mapping[str, ActiveBinding],
    focused: Widget | None,
    width: int,
    unfinished: bool,
    marks: Marks,
) -> tuple[Span, ...]:
    """The keys that matter here, as many as fit; help always, the steps where some are `unfinished`, and what can be done
    with the rows that are marked."""
    if isinstance(focused, JumpInput):
        return keys_spans(
            (("enter", "stay here"), ("down", "next"), ("up", "previous"), ("esc", "back")),
            width,
            typing=True,
        )
    if isinstance(focused, Input):
        return keys_spans(
            (("enter", "search by meaning"), ("down", "results"), ("tab", "next pane"), ("esc", "leave")),
            width,
            typing=True,
        )
    if len(marks):
        return keys_spans(_marked(bindings, marks), width, f"\u25c6 {marks.words()}")
    found: list[tuple[str, str]] = [("A", "all missing steps")] if unfinished else []
    seen: set[str] = set()
    for key, active in bindings.items():
        binding = active.binding
        if binding.action == "mark_row" and not _marks(focused):
            continue
        if binding.show and binding.description and binding.action not in seen:
            seen.add(binding.action)
            found.append((key_name(key), binding.description.lower()))
    return keys_spans((*found, ("tab", "pane"), ("y", "copy"), (":", "action"), ("q", "quit")), width)


def _marks(focused: Widget | None) -> bool:
    """Whether there is a row that could be marked."""
    return isinstance(focused, RowList) and focused.is_marked is not None and focused.value is not None


def _marked(bindings: Mapping[str, ActiveBinding], marks: Marks) -> list[tuple[str, str]]:
    """Keys for the marks, with the titles of their actions."""
    keys = {active.binding.action: key_name(key) for key, active in bindings.items()}
    titles = {active.binding.action: active.binding.description for active in bindings.values()}
    nodes = MARKED_CLUSTERS if marks.clusters else MARKED_THEMES if marks.nodes else ()
    queries = MARKED_QUERIES[: 3 if marks.source is not None else 2] if marks.texts else ()
    wanted = (*queries, *nodes)
    named = [f"screen.do('{action}')" for action in wanted]
    return [*((keys[a], _verb(titles[a])) for a in named if a in keys), ("esc", "unmark")]


def _verb(title: str) -> str:
    """`merge` of `Merge into another cluster`, `new theme` of `New theme`."""
    words = title.lower().split()
    return " ".join(words[: 2 if words[0] == "new" else 1])


def keys_spans(
    keys: Iterable[tuple[str, str]], width: int, head: str = "", *, typing: bool = False
) -> tuple[Span, ...]:
    """Keys with what they do, as many as fit, and always the key of the help: while one is `typing`, `?` is a letter."""
    last: list[Span] = [(" f1" if typing else " ?", "key"), (" help ", "dim")]
    spans: list[Span] = [(f" {head} ", "strong")] if head else []
    left = width - sum(cell_len(text) for text, _ in (*spans, *last))
    for key, word in keys:
        cells = cell_len(key) + cell_len(word) + 4
        if cells > left:
            break
        spans += [(f" {key}", "key"), (f" {word}  ", "dim")]
        left -= cells
    return (*spans, *last)
