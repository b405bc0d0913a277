"""Where a person was, kept in the workspace's `state.json`. Scripts never read it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE_NAME = "state.json"
MOST_EXPANDED = 200


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


def load_state(folder: Path) -> ScreenState:
    """What was saved; the default when there is nothing, or nothing that can be understood."""
    try:
        found = json.loads((folder / FILE_NAME).read_text("utf-8"))
        texts = {
            k: v for k, v in found.items() if k in ScreenState.__dataclass_fields__ and isinstance(v, str)
        }
        expanded = tuple(str(node) for node in found.get("expanded", ())[:MOST_EXPANDED])
    except (OSError, ValueError, AttributeError, TypeError):
        return ScreenState()
    return ScreenState(**texts, expanded=expanded)


def save_state(folder: Path, state: ScreenState) -> None:
    """Keep it; a folder that cannot be written is left alone."""
    if not folder.is_dir():
        return
    target = folder / FILE_NAME
    beside = target.with_suffix(".json.new")
    with contextlib.suppress(OSError):
        beside.write_text(json.dumps(asdict(state), ensure_ascii=True, indent=1) + "\n", "utf-8")
        beside.replace(target)
