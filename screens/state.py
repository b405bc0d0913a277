"""Where a person was, kept in the workspace's `state.json`. Scripts never read it."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "state.json"
MOST_EXPANDED = 200
LONGEST = 1_000
"""Characters of a value that is believed."""

SORTS = ("coherence", "title", "growth")
FILTERS = ("text", "language", "chat_model", "tag")


@dataclass(frozen=True)
class ScreenState:
    """The view of the Explorer."""

    run: str | None = None
    hierarchy: str | None = None
    node: str | None = None
    pane: str = "tree"
    expanded: tuple[str, ...] = field(default=())
    cursor: str | None = None
    theme: str | None = None
    arrangement: tuple[tuple[str, str], ...] = field(default=())
    """Sort and filter of the tree, as parameters of `node.list`."""
    tab: str | None = None
    scroll: int = 0
    detail_scroll: int = 0
    zoom: bool = False


def load_state(folder: Path) -> ScreenState:
    """What was saved; the default when there is nothing, and for each part that cannot be understood."""
    try:
        found = json.loads((folder / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ScreenState()
    if not isinstance(found, dict):
        return ScreenState()
    texts = {name: found[name] for name in _TEXTS if _text(found.get(name))}
    numbers = {
        name: found[name]
        for name in ("scroll", "detail_scroll")
        if type(found.get(name)) is int and 0 <= found[name] < 10_000_000
    }
    return ScreenState(
        **texts,
        **numbers,
        expanded=tuple(node for node in _list(found.get("expanded"))[:MOST_EXPANDED] if _text(node)),
        arrangement=tuple(
            (pair[0], pair[1])
            for pair in _list(found.get("arrangement"))[:5]
            if isinstance(pair, list) and len(pair) == 2 and all(map(_text, pair)) and _arranges(*pair)
        ),
        zoom=found.get("zoom") is True,
    )


_TEXTS = ("run", "hierarchy", "node", "pane", "cursor", "theme", "tab")


def _text(value: Any) -> bool:
    """Whether it can be a name: half a surrogate pair is none that a store could hold."""
    return isinstance(value, str) and len(value) <= LONGEST and not re.search("[\ud800-\udfff]", value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _arranges(name: str, value: str) -> bool:
    return value in SORTS if name == "sort" else name in FILTERS


def save_state(folder: Path, state: ScreenState) -> None:
    """Keep it; a folder that cannot be written is left alone."""
    if not folder.is_dir():
        return
    target = folder / FILE_NAME
    beside = target.with_suffix(".json.new")
    with contextlib.suppress(OSError):
        beside.write_text(json.dumps(asdict(state), ensure_ascii=True, indent=1) + "\n", "utf-8")
        beside.replace(target)
