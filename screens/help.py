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
    ("1 2 3 4, tab shift+tab", "go to a pane"),
    ("z", "one pane alone, or all (from 120 columns on)"),
    (
        "esc, backspace",
        "take the marks off, else stop the running job, else back: leave a line, the parent node",
    ),
)

MARKING = (
    ("space", "mark a query, a cluster or a theme, and go to the next row; esc takes all marks off"),
    ("c s", "with marked queries: move them to another cluster, or split them off into a new one"),
    (
        "M b f r d v C",
        "with marked clusters: merge, tag, flag, rate, delete, move, or put a new theme over them",
    ),
    ("u U", "undo your last edit of this run, and do it again; nothing that can be undone asks first"),
    ("J", "the history; in it enter shows an edit, u undoes the one under the cursor"),
    ("V", "the review: a accept, e rename, M merge, s split, f flag, n later"),
)

SEARCHING = (
    ("enter", "in the search line: search by meaning too; on a result: read the conversation"),
    ("t", "go to the result's cluster in the tree"),
    ("m", "search by words, by meaning, or by both"),
    ("w", "search in the open node alone, or everywhere"),
)

PROGRAM = (
    ("A", "all the steps that are missing, one after the other"),
    (":", "type any action: name=value, completed by tab"),
    ("P", "list of all actions"),
    ("y", "copy what the cursor is on to the terminal's clipboard (OSC 52)"),
    ("T", "other colours"),
    ("R", "read everything again"),
    ("? F1", "this help"),
    ("ctrl+c", "stop the running job"),
    ("q, ctrl+q", "quit"),
)


class HelpScreen(PagerScreen):
    """Keys, marks and actions.

    Args:
        keymap: The user's own keys by action id.
    """

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__("Help")
        self._keymap = keymap

    def lines(self, width: int) -> list[Line]:
        """Everything, by area."""
        actions = list(REGISTRY.load().values())
        lines = [
            *_block(width, "Moving", MOTIONS),
            *_block(width, "Marking and editing", MARKING),
            *_block(width, "In the search pane", SEARCHING),
            *_block(width, "The program", PROGRAM),
        ]
        with_keys = [action for action in actions if self.keys(action)]
        lines += _block(width, "Actions, everywhere", self._rows(a for a in with_keys if everywhere(a)))
        for pane, scopes in PANE_SCOPES.items():
            rows = self._rows(a for a in with_keys if a.scope in scopes and not everywhere(a))
            lines += _block(width, f"Actions, in {PANE_TITLES[pane]}", rows)
        lines += [Line((("Signs", "heading"),)), Line(((COHERENCE_LEGEND, "text"),))]
        lines += [Line((("\u25b6 cursor   \u25c6 marked   \u25c8 both", "text"),))]
        lines += [
            Line(
                (
                    (
                        "\u25b8 \u25be theme   \u2591 noise   \u25cc no good parent   bar: share of the node above   %: share of all",
                        "text",
                    ),
                )
            ),
            Line(),
        ]
        lines.append(Line((("All actions (type : and the name, or write them in a script)", "heading"),)))
        lines += [Line(((fit(action.id, 20), "strong"), (action.summary, "text"))) for action in actions]
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
