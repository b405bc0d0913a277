"""Texts of strangers as text, and nothing else, in HTML and in Markdown."""

from __future__ import annotations

import html
import re

from core.text import one_line, visible

_MARKS = re.compile(r"([\\`*_\[\]<>|~&$#@{}])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
_START = re.compile(r"^(?:([+=-])|(\d{1,9})([.)])(?=\s|$))")

EXAMPLE = 320
"""Characters of an example that are shown."""


def in_html(text: str) -> str:
    """Text between tags or in a quoted attribute: markup, control and bidi characters made visible."""
    return html.escape(visible(text), quote=True)


def in_markdown(text: str, limit: int = 10_000) -> str:
    """Text on one line of CommonMark, with the extensions of GitHub: no markup, no link, no HTML, no list."""
    line = _MARKS.sub(r"\\\1", one_line(text, limit))
    line = _LINK.sub(lambda m: f"{m[1] or m[3]}\\{m[2] or m[4]}", line)
    return _START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", line)
