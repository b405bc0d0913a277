"""A conversation as lines, laid out bit by bit: ten thousand turns, or one of a megabyte, never keep a key waiting."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from core.rows import Membership, QueryDetail, TurnRow
from core.text import one_line
from screens.widgets.code import highlighted
from screens.widgets.markdown import Block, markdown_blocks, plain_blocks
from screens.widgets.spans import Line, Span
from screens.widgets.text_table import table_lines
from screens.widgets.wrapping import wrap_spans

ROLES = {
    "user": ("USER", "\u2503 ", "heading"),
    "assistant": ("ASSISTANT", "  ", "other"),
    "system": ("SYSTEM", "\u2506 ", "dim"),
}
"""By role: its word, what leads its lines, and the look of both; another role is shown by its name."""

TRY = 16
"""Lines after which the time is looked at."""


@dataclass(frozen=True)
class Laid(Line):
    """A line of the reader."""

    turn: int = -1
    """The turn that it is of; -1 above the first."""
    block: int = -1
    """The line of text that it is a part of; -1: none."""
    start: int = 0
    """Where in that text it begins."""
    lead: int = 0
    """Spans before those of the text."""
    head: bool = False
    """Whether it names the role of its turn."""


class Layout:
    """The lines of a conversation for a width.

    Args:
        detail: The conversation.
        width: Cells of a line.
        markdown: Whether Markdown is shown as such; else the text as it stands.
        facts: Whether what is known of the conversation stands above it.
        run: The current run.
    """

    def __init__(
        self, detail: QueryDetail, width: int, *, markdown: bool, facts: bool, run: str | None
    ) -> None:
        self.lines: list[Laid] = []
        self.blocks: list[str] = []
        """The text of each block."""
        self.block_lines: list[int] = []
        """The first line of each block."""
        self.turn_lines: list[int] = []
        """The line that names each turn's role."""
        self.done = False
        self.width = width
        self._detail, self._markdown, self._facts, self._run = detail, markdown, facts, run
        self._turn = -1
        self._work = self._all()

    def step(self, seconds: float) -> bool:
        """Lay out for so long; whether everything is laid out."""
        end = time.perf_counter() + seconds
        for n, _ in enumerate(self._work, 1):
            if n % TRY == 0 and time.perf_counter() >= end:
                return False
        self.done = True
        return True

    def place_of(self, block: int, start: int) -> int:
        """The line that holds a place of a block's text."""
        at = self.block_lines[block]
        while (
            at + 1 < len(self.lines)
            and self.lines[at + 1].block == block
            and self.lines[at + 1].start <= start
        ):
            at += 1
        return at

    def _all(self) -> Iterator[None]:
        if self._facts:
            yield from self._known()
        for number, turn in enumerate(self._detail.turns):
            self._turn = number
            yield from self._one(turn)
        if not self._detail.turns:
            self._turn = 0
            yield from self._one(TurnRow("user", self._detail.text))

    def _one(self, turn: TurnRow) -> Iterator[None]:
        word, gutter, look = ROLES.get(turn.role, (one_line(turn.role, 30).upper() or "?", "  ", "dim"))
        lead: Span = (gutter, look)
        self.turn_lines.append(len(self.lines))
        spans: tuple[Span, ...] = ((gutter, look), (word, look), (f"  {self._turn + 1}", "dim"))
        self.lines.append(Laid(spans, turn=self._turn, head=True))
        yield
        blocks = markdown_blocks(turn.content) if self._markdown else plain_blocks(turn.content)
        for block in blocks:
            yield from self._block(block, lead)
        self.lines.append(Laid(turn=self._turn))
        yield

    def _block(self, block: Block, lead: Span, value: object = None) -> Iterator[None]:
        if block.cells:
            room = self.width - sum(len(text) for text, _ in (lead, *block.first))
            for spans in table_lines(block.cells, room):
                yield from self._block(Block(spans, block.first, block.rest), lead)
            return
        number = len(self.blocks)
        self.blocks.append("".join(text for text, _ in block.spans))
        self.block_lines.append(len(self.lines))
        # A lead of many quotes in quotes leaves the text half of the line.
        first, rest = (_within(part, self.width // 2) for part in (block.first, block.rest))
        room = self.width - max(sum(len(text) for text, _ in part) for part in (first, rest)) - len(lead[0])
        for start, spans in wrap_spans(block.spans, room):
            before = (lead, *(rest if start else first))
            self.lines.append(
                Laid(
                    (*before, *spans),
                    None if start else value,
                    turn=self._turn,
                    block=number,
                    start=start,
                    lead=len(before),
                )
            )
            yield

    def _known(self) -> Iterator[None]:
        """What is known of the conversation: facts, its clusters in each run, and its metadata."""
        detail = self._detail
        facts = (
            ("conversation", detail.conversation_id), ("dataset", detail.dataset), ("language", detail.language),
            ("model", detail.chat_model), ("time", detail.timestamp), ("user", detail.user),
            ("asked", f"{detail.times:,} times" if detail.times > 1 else "once"),
            ("turns", f"{len(detail.turns):,}"), ("query", str(detail.query)),
        )  # fmt: skip
        yield from self._heading("FACTS")
        for name, value in facts:
            if value:
                words: tuple[Span, ...] = ((one_line(str(value), 2_000), "text"),)
                lead: tuple[Span, ...] = ((f"{name:<14}", "dim"),)
                yield from self._block(Block(words, lead, ((" " * 14, "dim"),)), ("  ", "dim"))
        yield from self._heading("CLUSTERS IT BELONGS TO, BY RUN")
        if not detail.clusters:
            yield from self._block(Block((("none: no run holds it", "dim"),)), ("  ", "dim"))
        for one in detail.clusters:
            yield from self._block(_membership(one, self._run), ("  ", "dim"), one)
        if detail.metadata:
            yield from self._heading("METADATA")
            text = json.dumps(detail.metadata, ensure_ascii=False, indent=2, default=str)
            lines = [block.spans[0][0] for block in plain_blocks(text)]
            for spans in highlighted(lines, "json"):
                yield from self._block(Block(spans, (), (("    ", "text"),)), ("  ", "dim"))
        self.lines.append(Laid())

    def _heading(self, words: str) -> Iterator[None]:
        if self.lines:
            self.lines.append(Laid())
        self.lines.append(Laid(((words, "heading"),)))
        yield


def _within(lead: tuple[Span, ...], cells: int) -> tuple[Span, ...]:
    kept: list[Span] = []
    for text, look in lead:
        if cells < len(text):
            break
        kept.append((text, look))
        cells -= len(text)
    return tuple(kept)


def _membership(one: Membership, run: str | None) -> Block:
    """A run, and the cluster in it with its place in the tree."""
    path = " \u203a ".join(one_line(title, 80) for title in (one.path or (one.title,)))
    spans: list[Span] = [
        ("\u2713 " if one.run == run else "  ", "good"),
        (one_line(one.run, 40) + "  ", "strong"),
        (f"{one.cluster} ", "number"),
        (path, "other"),
    ]
    if one.flags:
        spans.append((f"  \u2691 {', '.join(one_line(flag, 40) for flag in one.flags)}", "warn"))
    if one.probability is not None:
        spans.append((f"  probability {one.probability:.2f}", "dim"))
    elif one.distance is not None:
        spans.append((f"  distance {one.distance:.2f}", "dim"))
    return Block(tuple(spans), (), (("    ", "text"),))
