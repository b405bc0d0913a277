"""The bars of the reader: what is known of the conversation, where one is in it, and what the keys do."""

from __future__ import annotations

from core.rows import Membership, QueryDetail
from core.text import one_line
from screens.conversation.find import Find
from screens.conversation.lines import Layout
from screens.places import keys_spans
from screens.widgets.reader import Reader
from screens.widgets.spans import Span

TYPING = (("enter", "to the first"), ("esc", "leave the find"))
FINDING = (
    ("n", "next hit"),
    ("N", "previous"),
    ("esc", "end the find"),
    ("/", "other words"),
    ("{ }", "turn"),
)
READING = (
    ("n p", "next, previous"), ("/", "find"), ("{ }", "turn"), ("m", "raw"), ("i", "facts, clusters"), ("c", "copy turn"),
    ("y", "copy all"), ("W", "to a file"), ("f", "flag"), ("esc", "back"),
)  # fmt: skip


def facts_spans(detail: QueryDetail, here: Membership | None) -> tuple[Span, ...]:
    """Who asked which model when, how often, and where it belongs."""
    parts = [
        detail.language, detail.chat_model, detail.timestamp, f"user {detail.user}" if detail.user else None,
        f"asked {detail.times:,} times" if detail.times > 1 else None, f"id {detail.conversation_id}",
    ]  # fmt: skip
    spans: list[Span] = []
    if here is not None and here.flags:
        spans.append((f" \u2691 {', '.join(one_line(flag, 30) for flag in here.flags)}", "warn"))
    told = " \u00b7 ".join(one_line(part, 60) for part in parts if part)
    spans.append((f" \u00b7 {told}" if spans else f" {told}", "dim"))
    if here is not None:
        path = here.path or (here.title,)
        spans.append((" \u00b7 " + " \u203a ".join(one_line(title, 40) for title in path), "other"))
    return tuple(spans)


def state_words(layout: Layout, reader: Reader, find: Find | None) -> str:
    """Which turn is read of how many, and which hit of how many."""
    turns = len(layout.turn_lines)
    more = "" if layout.done else "+"
    words = f"turn {max(reader.turn, 0) + 1:,}/{turns:,}{more}"
    if find is not None:
        words += f"  {find.told(layout.done)} \u201c{one_line(find.words, 24)}\u201d"
    return words


def keys_spans_of(
    width: int, head: str, *, typing: bool, finding: bool, found: bool, empty: bool
) -> tuple[Span, ...]:
    """What the keys do here."""
    if empty:
        return keys_spans(((":", "action"), ("esc", "back")), width)
    if typing:
        return keys_spans(TYPING, width, head, typing=True)
    if finding:
        return keys_spans(FINDING, width, head)
    first = (("N", "first hit"),) if found else ()
    return keys_spans((*first, *READING), width, head)
