"""Why a screen has nothing to show, as lines: what is missing, and the keys that make it."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ActionError
from core.text import one_line
from screens.widgets.spans import Line, wrap

NOTHING_YET = frozenset(("store_missing", "no_run"))
"""Codes of errors that say that nothing is clustered yet: a screen of clusters has nothing to work on."""

TO_BEGIN = (
    "In the first screen (esc) A takes every step that is missing, without a log on the bundled sample. Or one by one: L"
    " loads a log, K clusters by k-means, H by density."
)


def trouble_lines(error: ActionError, width: int, hints: Mapping[str, str] | None = None) -> list[Line]:
    """What is wrong and what to do.

    Args:
        error: What is wrong.
        width: Cells of a line.
        hints: What to do, by the code of the error, where a screen has keys of its own for it.
    """
    hint = TO_BEGIN if error.code in NOTHING_YET else (hints or {}).get(error.code, error.hint)
    lines = [Line()]
    for text, look in ((error.message, "warn"), (hint, "text")):
        lines += [Line(((f"  {part}", look),)) for part in wrap(one_line(text, 600), width - 4) if text]
        lines.append(Line())
    return lines
