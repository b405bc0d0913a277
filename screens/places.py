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
from screens.marks import Marks
from screens.widgets.panes import PANE_TITLES, PANES
from screens.widgets.spans import Span

KEY_NAMES = {
    "question_mark": "?", "colon": ":", "slash": "/", "escape": "esc", "space": "space", "enter": "enter",
    "shift+tab": "shift+tab", "backspace": "backspace", "pagedown": "pgdn", "pageup": "pgup",
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


def run_spans(run: RunRow | None, view: View) -> list[Span]:
    """The run with its counts."""
    if view.run is None:
        return [("no run yet", "dim")]
    if run is None:
        return [(one_line(view.run, 40), "text")]
    noise = f" \u00b7 {run.noise:,} noise" if run.noise else ""
    return [
        (one_line(run.label or run.run, 40), "strong"),
        (f"  {run.clusters:,} clusters \u00b7 {run.queries:,} queries{noise}", "dim"),
    ]


def tabs_spans(active: str, run: RunRow | None, view: View) -> tuple[Span, ...]:
    """The panes as tabs, for a narrow screen."""
    spans: list[Span] = []
    for n, name in enumerate(PANES, 1):
        label = f"[{n} {PANE_TITLES[name]}]" if name == active else f" {n} {PANE_TITLES[name]} "
        spans.append((label, "tab" if name == active else "dim"))
    spans.append(("   ", "text"))
    return (*spans, *run_spans(run, view))


def crumbs_spans(view: View, path: Iterable[str]) -> tuple[Span, ...]:
    """The way from the root to the open node; what is missing where there is no tree."""
    if view.run is None:
        return ((" Nothing is clustered yet", "dim"),)
    if view.hierarchy is None:
        missing = "no names and no tree yet" if view.summary_set is None else "no tree yet"
        keys = (
            "N names the clusters, then B builds the tree; A does both"
            if view.summary_set is None
            else "B builds it"
        )
        return ((f" {missing}: ", "warn"), (keys, "text"))
    spans: list[Span] = [(" All queries", "dim")]
    for title in path:
        spans += [(" \u203a ", "dim"), (one_line(title, 60), "other")]
    return tuple(spans)


MARKED_QUERIES = ("query.move", "cluster.split")
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
    if isinstance(focused, Input):
        return keys_spans(
            (("enter", "search by meaning"), ("down", "results"), ("tab", "next pane"), ("esc", "leave")),
            width,
        )
    if len(marks):
        return keys_spans(_marked(bindings, marks), width, f"\u25c6 {marks.words()}")
    found: list[tuple[str, str]] = [("A", "all missing steps")] if unfinished else []
    seen: set[str] = set()
    for key, active in bindings.items():
        binding = active.binding
        if binding.show and binding.description and binding.action not in seen:
            seen.add(binding.action)
            found.append((key_name(key), binding.description.lower()))
    return keys_spans((*found, ("tab", "pane"), ("y", "copy"), (":", "action"), ("q", "quit")), width)


def _marked(bindings: Mapping[str, ActiveBinding], marks: Marks) -> list[tuple[str, str]]:
    """Keys for the marks, with the titles of their actions."""
    keys = {active.binding.action: key_name(key) for key, active in bindings.items()}
    titles = {active.binding.action: active.binding.description for active in bindings.values()}
    nodes = MARKED_CLUSTERS if marks.clusters else MARKED_THEMES if marks.nodes else ()
    queries = MARKED_QUERIES[: 2 if marks.source is not None else 1] if marks.texts else ()
    wanted = (*queries, *nodes)
    named = [f"screen.do('{action}')" for action in wanted]
    return [*((keys[a], _verb(titles[a])) for a in named if a in keys), ("esc", "unmark")]


def _verb(title: str) -> str:
    """`merge` of `Merge into another cluster`, `new theme` of `New theme`."""
    words = title.lower().split()
    return " ".join(words[: 2 if words[0] == "new" else 1])


def keys_spans(keys: Iterable[tuple[str, str]], width: int, head: str = "") -> tuple[Span, ...]:
    """Keys with what they do, as many as fit, and always the key of the help."""
    last: list[Span] = [(" ?", "key"), (" help ", "dim")]
    spans: list[Span] = [(f" {head} ", "strong")] if head else []
    left = width - sum(cell_len(text) for text, _ in (*spans, *last))
    for key, word in keys:
        cells = cell_len(key) + cell_len(word) + 4
        if cells > left:
            break
        spans += [(f" {key}", "key"), (f" {word}  ", "dim")]
        left -= cells
    return (*spans, *last)
