"""Markdown as blocks of spans, by markdown-it. No link, no HTML and no markup is ever more than text.

What cannot be shown whole as Markdown is shown as it stands: a piece that is too long or nested too deeply, and one in which a
letter would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from core.text import visible
from screens.widgets.code import MOST_CHARACTERS, highlighted
from screens.widgets.code import prepare as prepare_code
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

PIECE = 1_500
"""Characters that are parsed at once (about 6 ms), unless a single line has more."""

LINES = 60
"""Lines that are parsed at once."""

MOST, MOST_SIGNS = 6_000, 400
"""A longer piece, and one with more signs that may mean something, is not parsed: its time may grow with their square."""

LONG = 20_000
"""Characters of a line that are looked at without a pause."""

MOST_LANGUAGES = 40

_FENCE = re.compile(r"^(\s{0,16})(`{3,}|~{3,})\s*([^`\s]*)[^`]*$")
_LANGUAGE = re.compile(r"(?:```|~~~)([\w#+]{1,20})")
_NESTED = re.compile(r"^(\s*([>*+-]|\d{1,9}[.)])\s?){12}", re.MULTILINE)
_DEEP = re.compile(r"^\s{60}", re.MULTILINE)
_SIGNS = re.compile(r"[\[\]!*_`<~]")


@dataclass(frozen=True)
class Block:
    """A line of text of any length, which is wrapped behind what leads it."""

    spans: tuple[Span, ...] = ()
    first: tuple[Span, ...] = ()
    """What leads the first line."""
    rest: tuple[Span, ...] = ()
    """What leads the others."""
    cells: tuple[tuple[tuple[Span, ...], ...], ...] = ()
    """Of a table: its rows of cells, each a run of spans; it has no text of its own."""


def plain_blocks(text: str) -> Iterator[Block]:
    """The lines as they stand."""
    for line in text_lines(text):
        yield Block(((line, "text"),))


def text_lines(text: str) -> Iterator[str]:
    """The lines of a text, made visible; one that is very long in parts, at a space where there is one."""
    for line in _lines(text):
        at = 0
        while len(line) - at > LONG:
            end = line.rfind(" ", at + LONG // 2, at + LONG) + 1 or at + LONG
            yield visible(line[at:end])
            at = end
        yield visible(line[at:])


def _lines(text: str) -> Iterator[str]:
    """The lines, one after the other: to split a hundred megabytes at once takes long."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at : end - 1 if text.startswith("\r", end - 1) and end > at else end]
        at = end + 1
    yield text[at:]


@dataclass(frozen=True)
class Piece:
    """Some lines of a text: prose short enough to be parsed at once, or fenced code, in parts where it is long."""

    lines: list[str]
    language: str | None = None
    """Of code, empty where none is named; `None`: prose."""
    begins: bool = True
    ends: bool = True


def markdown_blocks(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text: headings, lists, quotes, tables, code; bold, italics and code in a line."""
    for piece in pieces(text):
        if piece.language is not None:
            yield from _code(piece, piece.language)
        else:
            yield from _prose("\n".join(piece.lines))


def pieces(text: str) -> Iterator[Piece]:
    """The text cut into prose and fenced code; code with more than `MOST_CHARACTERS` comes in parts."""
    prose: list[str] = []
    size = 0
    code: list[str] | None = None
    begins = True
    indent, fence, language = 0, "", ""
    for line in text_lines(text):
        found = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if code is not None:
            if found and found[2].startswith(fence) and not found[3]:
                yield Piece(code, language, begins)
                code, size = None, 0
                continue
            code.append(line[indent:] if not line[:indent].strip() else line)
            size += len(line) + 1
            if size > MOST_CHARACTERS or (not begins and len(code) >= LINES):
                yield Piece(code, language, begins, ends=False)
                code, size, begins = [], 0, False
        elif found:
            if prose:
                yield Piece(prose)
            prose, size = [], 0
            indent, fence, language, code, begins = len(found[1]), found[2], found[3].lower()[:40], [], True
        else:
            full = size + len(line) > PIECE or len(prose) >= LINES
            if prose and (full or (size > PIECE // 2 and not line.strip())):
                yield Piece(prose)
                prose, size = [], 0
            prose.append(line)
            size += len(line) + 1
    if code is not None:
        yield Piece(code, language, begins)
    elif prose:
        yield Piece(prose)


def _code(piece: Piece, language: str) -> Iterator[Block]:
    lead: tuple[Span, ...] = (("\u2502 ", "dim"),)
    if piece.begins:
        yield Block(((language or "code", "dim"),), (("\u250c ", "dim"),), lead)
    # A part of it says nothing of what its lines are: a text that goes on over several of them begins elsewhere.
    for spans in highlighted(piece.lines, language if piece.begins and piece.ends else ""):
        yield Block(spans, lead, lead)
    if piece.ends:
        yield Block((), (("\u2514", "dim"),))


def _prose(text: str) -> Iterator[Block]:
    if not text.strip():
        yield Block()
        return
    if (
        len(text) > MOST
        or len(_SIGNS.findall(text)) > MOST_SIGNS
        or _NESTED.search(text)
        or _DEEP.search(text)
    ):
        yield from plain_blocks(text)
        return
    from screens.widgets.markdown_tokens import blocks_of

    found = blocks_of(parser().parse(text))
    if _letters(_text(found)) < _letters(text):
        yield from plain_blocks(text)
        return
    blank = len(text) - len(text.rstrip("\n"))
    yield from found
    if blank or text.endswith("\n"):
        yield Block()


def _text(blocks: list[Block]) -> str:
    parts: list[str] = []
    for block in blocks:
        spans = [*block.first, *block.spans, *(s for row in block.cells for cell in row for s in cell)]
        parts += [part for part, _ in spans]
    return "".join(parts)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables. HTML, entities, escapes and definitions of links stay text, so that nothing is hidden."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.disable(["reference", "html_block", "html_inline", "entity", "escape"])
    return made


def prepare(texts: Iterable[str]) -> None:
    """Import what reads Markdown and the code in some texts, before they are laid out; meant for a thread of its own."""
    parser()
    found = {match[1].lower() for text in texts for match in _LANGUAGE.finditer(text)}
    prepare_code(sorted(found)[:MOST_LANGUAGES])
