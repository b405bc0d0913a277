"""The help screen, made from the table of actions and from the keys that are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.registry import REGISTRY, Action
from screens.dialogs import PagerScreen
from screens.keys import PANE_SCOPES, everywhere
from screens.places import key_name
from screens.widgets.panes import PANE_TITLES
from screens.widgets.spans import COHERENCE_LEGEND, Line, fit, wrap

KEYS = 26
"""Cells of the keys."""

MOTIONS = (
    ("j k, arrows", "down, up"),
    ("g G, home end", "top, bottom"),
    ("pgup pgdn, ctrl+u ctrl+d", "a page, half a page"),
    ("o, l h, left right", "expand and collapse a node; h goes to the parent's line"),
    ("n p", "next and previous sibling; in the reader next and previous conversation"),
    ("- + =", "a level less or more of the tree"),
    ("'", "jump to a title by its letters: down and up to the next, enter stays, esc goes back"),
    ("[ ]", "back and forward through the nodes that were opened"),
    (", .", "previous and next tab of the detail: overview, facets, names, neighbours, history"),
    ("S F", "sort the tree by size, coherence, name or growth; filter it, F or esc takes the filter off"),
    ("1 2 3 4, tab shift+tab", "go to a pane"),
    ("z", "one pane alone, or all (from 120 columns on)"),
    (
        "esc, backspace",
        "take the marks off, else stop the running job, else back: leave a line, the parent node",
    ),
)

MARKING = (
    ("space", "mark a query, a cluster or a theme, and go to the next row; esc takes all marks off"),
    (
        "c f s",
        "with marked queries: move them to another cluster, flag them, or split them off into a new one",
    ),
    (
        "M b f r d v C",
        "with marked clusters: merge, tag, flag, rate, delete, move, or put a new theme over them",
    ),
    ("u U", "undo your last edit of this run, and do it again; nothing that can be undone asks first"),
    ("J", "the history; in it enter shows an edit, u undoes the one under the cursor"),
    ("V", "the review: a accept, e rename, M merge, s split, f flag, n later"),
)

SEARCHING = (
    (
        "9",
        "all of search: facets with counts, filters, groups, saved searches; the text goes along, and back",
    ),
    (
        "enter",
        "in the search line: by meaning at once, else after a pause; on a result: read the conversation",
    ),
    ("t", "go to the result's cluster in the tree"),
    ("m", "search by words, by meaning, or by both"),
    ("w", "search in the open node alone, or everywhere"),
)

COMPARING = (
    ("6", "two runs: what is the same, split, merged, new, gone; enter shows the queries that moved"),
    ("f F", "only what is of the next or previous kind"),
    ("a b x", "choose another run or tree for a or for b, swap them"),
    ("v", "trees in place of runs, and back"),
    ("+ = -", "in trees: a level deeper, a level higher"),
    ("s", "by what moved, or by size"),
    ("tab shift+tab", "list and detail; among queries that moved: other queries of it"),
)

TRENDS = (
    ("7", "clusters over time, spikes first; enter opens one in the tree"),
    ("d w m", "count by day, week or month"),
    ("s v", "another order; themes in place of clusters"),
    ("n, h l", "the chart: numbers or shares; earlier and later periods"),
    ("c x", "compare two windows of time; swap them"),
)

FULL_SEARCH = (
    ("F", "to the facets and back; there enter or space filters by a value, - leaves it out"),
    ("tab shift+tab", "line, filters, hits, facets"),
    ("x delete", "on a filter: take it off; enter changes it, h and l go to the others"),
    ("backspace", "in the empty line: take the last filter off"),
    ("b", "the hits by cluster, or one after the other"),
    ("s", "what is similar to the hit under the cursor; esc goes back to the search before"),
    ("o t", "the hit's cluster in the tree"),
    ("S L", "save the search under a name; list what was saved: enter searches, d forgets"),
    ("space c f", "mark hits, move them to a cluster, flag them"),
    ("m w", "by words and then meaning, by words alone, by meaning alone; in the open node or everywhere"),
)

MAPPING = (
    ("5", "the map: enter opens the cluster under the cursor in the tree"),
    ("h j k l, arrows", "move the cursor; near the edge the map comes along"),
    ("shift+left shift+right", "pan by a third, as shift+up shift+down do"),
    ("shift+up shift+down", "pan by a third"),
    ("+ = -, 0", "nearer, further, all of the map"),
    ("n p, tab", "the next and previous cluster by size; the nearest one"),
    ("/", "light up the queries that match a search; esc puts them out"),
    ("b m", "colour by themes or clusters; braille or half blocks"),
    ("u r", "build the map by UMAP; build it anew with other parameters"),
)

READING = (
    ("j k, { }", "scroll; the next and previous turn"),
    ("n p", "the next and previous conversation of the list"),
    ("/", "find words: enter goes to the first, n N to the next and previous, esc ends it"),
    ("N", "opened from a search: the first place that it found"),
    ("m", "Markdown and code as such, or the text as it stands"),
    ("i", "facts, metadata, and its clusters in every run: enter opens one"),
    ("f", "flag the query, or take the flag off"),
    ("u U", "undo your last edit of this run, and do it again"),
    ("c y W", "copy the turn, copy all, write all to a file"),
)

PROGRAM = (
    ("A", "all the steps that are missing, one after the other"),
    (":", "type any action: name=value, completed by tab"),
    ("P, ctrl+p", "list of all actions"),
    ("y", "copy what the cursor is on to the terminal's clipboard (OSC 52)"),
    ("Y", "copy what was done last as a line of script; session.show and session.save have the rest"),
    ("W", "write what y copies to a file in the workspace's exports folder"),
    ("ctrl+z", "to the shell; fg comes back"),
    ("T", "other colours"),
    ("R", "read everything again"),
    ("? F1", "this help; / in it shows only the lines with some words"),
    ("ctrl+c", "stop the running job"),
    ("q, ctrl+q", "quit"),
)


WORK = (
    ("8", "runs and jobs: parameters, metrics, cost, progress, log"),
    ("enter", "open the run; of a job, go to its detail"),
    ("space c", "mark a run, and compare it with the one under the cursor"),
    ("e D", "label a run, delete it"),
    ("x r", "stop a job or take an order out of the queue; start a job again"),
    ("s", "start a step: a list of all of them, each with its form"),
    ("tab shift+tab", "runs, jobs, detail"),
    ("ctrl+t", "in the form of a step: say beforehand what it would do and cost"),
)


AREAS = {
    "Moving": MOTIONS,
    "Marking and editing": MARKING,
    "In the search pane": SEARCHING,
    "In the full search": FULL_SEARCH,
    "Comparing": COMPARING,
    "Trends": TRENDS,
    "Runs and jobs": WORK,
    "On the map": MAPPING,
    "In the reader of conversations": READING,
    "The program": PROGRAM,
}
"""What the help tells by area."""


SIGNS = (
    "\u25b6 cursor   \u25c6 marked   \u25c8 both   \u2691 flagged",
    "\u2191 \u2193 grew, shrank; or more, less than in the whole log",
    "\u25b8 \u25be theme   \u2591 noise   \u25cc no good parent   bar: share of the node above   %: share of all",
)


class HelpScreen(PagerScreen):
    """Keys, marks and actions.

    Args:
        keymap: The user's own keys by action id.
        first: The title of the area that comes first: that of the screen from which the help was opened.
    """

    def __init__(self, keymap: Mapping[str, str], first: str = "") -> None:
        super().__init__("Help")
        self._keymap, self._first = keymap, first

    def lines(self, width: int) -> list[Line]:
        """Everything, by area."""
        actions = list(REGISTRY.load().values())
        areas = sorted(AREAS.items(), key=lambda area: area[0] != self._first)
        lines = [line for title, rows in areas for line in _block(width, title, rows)]
        with_keys = [action for action in actions if self.keys(action)]
        lines += _block(width, "Actions, everywhere", self._rows(a for a in with_keys if everywhere(a)))
        for pane, scopes in PANE_SCOPES.items():
            rows = self._rows(a for a in with_keys if a.scope in scopes and not everywhere(a))
            lines += _block(width, f"Actions, in {PANE_TITLES[pane]}", rows)
        review = self._rows(a for a in with_keys if a.scope == "review")
        lines += _block(width, "Actions, in the review", review)
        lines += [Line((("Signs", "heading"),)), Line(((COHERENCE_LEGEND, "text"),))]
        lines += [Line(((words, "text"),)) for words in SIGNS]
        lines.append(Line())
        lines.append(Line((("All actions (type : and the name, or write them in a script)", "heading"),)))
        for action in actions:
            lines += [
                Line(((fit(action.id if n == 0 else "", 20), "strong"), (part, "text")))
                for n, part in enumerate(wrap(action.summary, width - 20))
            ]
        return lines

    def keys(self, action: Action) -> str:
        """The action's keys as they are in use."""
        return self._keymap.get(action.id, ",".join(action.keys))

    def _rows(self, actions: Iterable[Action]) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = []
        for action in actions:
            keys = " ".join(key_name(key.strip()) for key in self.keys(action).split(","))
            rows.append((keys, f"{action.title}  ({action.id})"))
        return rows


def _block(width: int, title: str, rows: Iterable[tuple[str, str]]) -> list[Line]:
    """A heading and rows of keys and what they do, wrapped beside the keys."""
    body: list[Line] = []
    for keys, told in rows:
        for n, part in enumerate(wrap(told, width - KEYS - 2)):
            body.append(Line(((f"  {keys if n == 0 else '':<{KEYS}}", "key"), (part, "text"))))
    return [Line(((title, "heading"),)), *body, Line()] if body else []
