"""The tokens of markdown-it as blocks of spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from screens.widgets.code import highlighted
from screens.widgets.markdown import Block
from screens.widgets.spans import Span

if TYPE_CHECKING:
    from markdown_it.token import Token

RULE = "\u2500" * 24


@dataclass
class _Lead:
    """What leads the lines of a list's item or of a quote."""

    first: Span
    rest: Span
    used: bool = False


@dataclass
class _Writer:
    """The blocks so far, and where they stand."""

    blocks: list[Block] = field(default_factory=list)
    leads: list[_Lead] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    """Of each open list: the next number; `None` for bullets."""
    base: str = "text"
    head: tuple[Span, ...] = ()
    rows: list[list[tuple[Span, ...]]] | None = None
    end: int = 0
    """The line of the source behind the last block."""

    def put(self, spans: Sequence[Span], first: Sequence[Span] = (), rest: Sequence[Span] = ()) -> None:
        """Put a block behind the others."""
        rests = tuple(lead.rest for lead in self.leads)
        firsts = tuple(lead.rest if lead.used else lead.first for lead in self.leads)
        for lead in self.leads:
            lead.used = True
        self.blocks.append(Block(tuple(spans), (*firsts, *first), (*rests, *rest)))

    def gap(self, token: Token) -> None:
        """A blank line where the source has one."""
        if token.map is None:
            return
        if token.map[0] > self.end:
            rests = tuple(lead.rest for lead in self.leads if lead.used)
            self.blocks.append(Block((), rests, rests))
        self.end = max(self.end, token.map[0])

    def ended(self, token: Token) -> None:
        """The source is read to the end of a token."""
        if token.map is not None:
            self.end = token.map[1]


def blocks_of(tokens: Sequence[Token]) -> list[Block]:
    """The blocks of a parsed text; blank lines stand where the source has them."""
    writer = _Writer()
    for token in tokens:
        _token(writer, token)
    return writer.blocks


def _token(writer: _Writer, token: Token) -> None:
    kind = token.type
    if kind == "heading_open":
        writer.base, writer.head = "heading", (("#" * int(token.tag[1:]) + " ", "dim"),)
    elif kind == "heading_close":
        writer.base, writer.head = "text", ()
    elif kind == "blockquote_open":
        writer.gap(token)
        writer.leads.append(_Lead(("\u2503 ", "dim"), ("\u2503 ", "dim")))
    elif kind in ("bullet_list_open", "ordered_list_open"):
        start = int(token.attrs.get("start", 1)) if kind == "ordered_list_open" else None
        writer.numbers.append(start)
    elif kind in ("bullet_list_close", "ordered_list_close"):
        writer.numbers.pop()
    elif kind == "list_item_open":
        writer.gap(token)
        _item(writer)
    elif kind in ("list_item_close", "blockquote_close"):
        lead = writer.leads.pop()
        if not lead.used and kind == "list_item_close":
            writer.leads.append(lead)
            writer.put(())
            writer.leads.pop()
    elif kind in ("fence", "code_block"):
        writer.gap(token)
        _code(writer, token)
        writer.ended(token)
    elif kind == "hr":
        writer.gap(token)
        writer.put(((RULE, "dim"),))
        writer.ended(token)
    elif kind == "inline":
        _inline(writer, token)
    else:
        _table(writer, token)


def _item(writer: _Writer) -> None:
    number = writer.numbers[-1]
    mark = "\u2022 " if number is None else f"{number}. "
    if number is not None:
        writer.numbers[-1] = number + 1
    writer.leads.append(_Lead((mark, "key"), (" " * len(mark), "text")))


def _code(writer: _Writer, token: Token) -> None:
    lead: Span = ("\u2502 ", "dim")
    words = token.info.split()
    language = words[0].lower()[:40] if words else ""
    if token.type == "fence":
        writer.put(((language or "code", "dim"),), (("\u250c ", "dim"),), (lead,))
    content = token.content[:-1] if token.content.endswith("\n") else token.content
    for spans in highlighted(content.split("\n"), language):
        writer.put(spans, (lead,), (lead,))


def _inline(writer: _Writer, token: Token) -> None:
    lines = inline_lines(token.children or [], writer.base)
    if writer.rows is not None:
        writer.rows[-1].append(tuple(span for line in lines for span in line))
        return
    writer.gap(token)
    for n, line in enumerate(lines):
        blank: tuple[Span, ...] = tuple((" " * len(text), "text") for text, _ in writer.head)
        writer.put(line, writer.head if n == 0 else blank, blank)
    writer.ended(token)


def _table(writer: _Writer, token: Token) -> None:
    if token.type == "table_open":
        writer.gap(token)
        writer.rows = []
    elif token.type == "tr_open" and writer.rows is not None:
        writer.rows.append([])
    elif token.type == "thead_open":
        writer.base = "heading"
    elif token.type == "thead_close":
        writer.base = "text"
    elif token.type == "table_close" and writer.rows is not None:
        rests = tuple(lead.rest for lead in writer.leads)
        writer.blocks.append(Block((), rests, rests, tuple(tuple(row) for row in writer.rows)))
        writer.rows = None
        writer.ended(token)


def inline_lines(tokens: Sequence[Token], base: str) -> list[list[Span]]:
    """The lines of a paragraph; bold, italics and code in their looks, and a link with its address behind it."""
    lines: list[list[Span]] = [[]]
    looks = [base]
    links: list[str] = []
    for token in tokens:
        kind = token.type
        if kind in ("softbreak", "hardbreak"):
            lines.append([])
        elif kind in ("strong_open", "em_open", "s_open"):
            looks.append({"strong_open": "strong", "em_open": "emphasis"}.get(kind, "dim"))
        elif kind in ("strong_close", "em_close", "s_close"):
            looks.pop()
        elif kind == "code_inline":
            lines[-1].append((f"`{token.content}`", "code"))
        elif kind == "link_open":
            links.append(_address(token, "href"))
        elif kind == "link_close":
            address = links.pop()
            lines[-1].append((f" <{address}>", "dim"))
        elif kind == "image":
            lines[-1].append((f"[{token.content}] <{_address(token, 'src')}>", "dim"))
        elif token.content:
            lines[-1].append((token.content, looks[-1]))
    return lines


def _address(token: Token, name: str) -> str:
    title = token.attrs.get("title")
    address = str(token.attrs.get(name, ""))
    return f"{address} {title}" if title else address
