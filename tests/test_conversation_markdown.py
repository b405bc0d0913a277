"""Markdown and code as spans: nothing is lost, nothing acts, nothing takes long, and lines have the width they should have."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.text import visible
from screens.widgets.code import LANGUAGES, MOST_CHARACTERS, highlighted
from screens.widgets.markdown import Block, markdown_blocks, plain_blocks
from screens.widgets.spans import Span
from screens.widgets.text_table import table_lines
from screens.widgets.wrapping import breaks, wrap_spans
from tests.test_hostile_text import PAYLOADS

MARKUP = st.text(alphabet=" \n\t*_`#>-+1.|[]()!<>&;\\~=ab\u4f60\U0001f469\u200d\u202e\x1b\r", max_size=300)


def shown(block: Block) -> str:
    """What a block shows, its leads with it."""
    cells = (span for row in block.cells for cell in row for span in cell)
    return "".join(text for text, _ in (*block.first, *block.spans, *cells))


def looks(text: str) -> list[tuple[str, str]]:
    """The spans that do not look like plain text."""
    found = [span for block in markdown_blocks(text) for span in (*block.first, *block.spans)]
    return [span for span in found if span[1] != "text" and span[0].strip()]


def test_what_stands_for_what() -> None:
    text = "# Head\n\nSome **bold**, *soft* and `code`.\n\n> said\n\n- one\n  1. two\n\n---\n~~gone~~"
    assert looks(text) == [
        ("# ", "dim"), ("Head", "heading"), ("bold", "strong"), ("soft", "emphasis"), ("`code`", "code"), ("\u2503 ", "dim"),
        ("\u2022 ", "key"), ("1. ", "key"), ("\u2500" * 24, "dim"), ("gone", "dim"),
    ]  # fmt: skip


def test_blank_lines_and_line_breaks_stay() -> None:
    text = "one\ntwo\n\nthree\n\n\n- a\n- b\n\nend"
    lines = ["".join(t for t, _ in (*b.first, *b.spans)).rstrip() for b in markdown_blocks(text)]
    assert lines == ["one", "two", "", "three", "", "\u2022 a", "\u2022 b", "", "end"]


def test_code_has_its_language_and_its_colours() -> None:
    text = 'Look:\n```python\ndef f():  # why\n    return "x"\n```\nDone'
    lines = [shown(block) for block in markdown_blocks(text)]
    assert lines == [
        "Look:",
        "\u250c python",
        "\u2502 def f():  # why",
        '\u2502     return "x"',
        "\u2514",
        "Done",
    ]
    assert ("def", "keyword") in looks(text)
    assert ("# why", "comment") in looks(text)
    assert "literal" in {look for _, look in looks(text)}


def test_code_without_an_end_or_a_language_is_code() -> None:
    assert [shown(block) for block in markdown_blocks("```\na *b* c")] == [
        "\u250c code",
        "\u2502 a *b* c",
        "\u2514",
    ]


def test_a_table_is_a_table() -> None:
    (block,) = [b for b in markdown_blocks("| name | n |\n|---|---|\n| 你好 | 1 |\n| b | 22 |") if b.cells]
    lines = ["".join(text for text, _ in line).rstrip() for line in table_lines(block.cells, 40)]
    rule = "\u2500" * 5 + "\u253c" + "\u2500" * 3
    assert lines == ["name \u2502 n", rule, "你好 \u2502 1", "b    \u2502 22"]


def test_a_table_that_is_too_wide_wraps_its_cells() -> None:
    rows = ((("head " * 3).strip(), "b"), ("word " * 30, "c " * 30))
    cells = [[[(text, "text")] for text in row] for row in rows]
    lines = list(table_lines(cells, 40))
    wide = [cell_len("".join(text for text, _ in line).rstrip()) for line in lines]
    assert max(wide) <= 40
    assert "".join(text for line in lines for text, _ in line).count("word") == 30


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_stays_text(text: str) -> None:
    found = "".join(shown(block) for block in markdown_blocks(text))
    assert visible(found) == found
    letters = [c for c in visible(text) if c.isalnum()]
    assert [c for c in found if c.isalnum()] == letters


@settings(max_examples=400, deadline=None)
@given(MARKUP)
def test_no_letter_is_lost_and_no_control_gets_through(text: str) -> None:
    found = "".join(shown(block) for block in markdown_blocks(text))
    assert "\n" not in found
    assert visible(found) == found
    assert sum(map(str.isalnum, found)) >= sum(map(str.isalnum, visible(text)))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.integers(8, 60))
def test_wrapping_keeps_every_character_and_the_width(text: str, width: int) -> None:
    line = visible(text.replace("\n", " "))
    places = list(breaks(line, width))
    assert "".join(line[start:end] for start, end in places) == line
    for start, end in places:
        assert cell_len(line[start:end].rstrip(" ")) <= width


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.text(alphabet="ab \u4f60", max_size=30), st.sampled_from(["text", "strong"]))),
    st.integers(8, 40),
)
def test_wrapping_keeps_the_looks(spans: list[Span], width: int) -> None:
    wrapped = [span for _, line in wrap_spans(spans, width) for span in line]
    one = [(letter, look) for text, look in spans for letter in text]
    assert [(letter, look) for text, look in wrapped for letter in text] == one


def test_joined_emoji_are_never_cut() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f466"
    for start, end in breaks(family * 50, 11):
        assert (end - start) % len(family) == 0


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_keeps_the_code_as_it_is(language: str) -> None:
    code = ["", "def f(x): # y", '  "a" \'b\' <b c="d">', "$x = {1: [2]}; -- z", "", "/* \u4f60 */ ", ""]
    lines = list(highlighted(code, language))
    assert ["".join(text for text, _ in line) for line in lines] == code


@pytest.mark.parametrize(
    "text",
    [
        "*a **a " * 300, "[" * 5_000, "![[](" * 1_000, ">" * 5_000, "- " * 3_000, "`" * 3_000 + " " + "`" * 2_999, "_a__" * 1_500,
        "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|b" * 2_000, "<" * 5_000, "    " * 2_000 + "x", "x" * 1_000_000, "a\n" * 100_000,
        "```python\n" + "(" * 50_000, "```json\n" + "[" * 900 + "\n```\n" * 100, "\u0301" * 20_000,
    ],
    ids=range(15),
)  # fmt: skip
def test_no_step_takes_long(text: str) -> None:
    slowest = 0.0
    before = time.process_time()
    for block in markdown_blocks(text):
        for _ in wrap_spans(block.spans, 80):
            now = time.process_time()
            slowest, before = max(slowest, now - before), now
    assert slowest < 0.25, slowest


def test_code_of_a_million_lines_comes_in_parts() -> None:
    slowest = 0.0
    before = time.process_time()
    for block in itertools.islice(markdown_blocks("```python\n" + "x = 1\n" * 1_000_000), 30_000):
        assert block.spans[0][0] in ("python", "x = 1")
        now = time.process_time()
        slowest, before = max(slowest, now - before), now
    assert slowest < 0.1, slowest


@pytest.mark.parametrize("end", ["```", "", "```\n# After"])
@pytest.mark.parametrize("count", [3, 3_999, 4_000, 4_001, 4_060, 4_061, 20_000])
def test_long_code_has_one_beginning_one_end_and_every_line(count: int, end: str) -> None:
    lines = [
        shown(block) for block in markdown_blocks("~~~\r\n" + "# 12\r\n" * count + end.replace("`", "~"))
    ]
    code = ["\u250c code", *["\u2502 # 12"] * count]
    if not end:
        code.append("\u2502 ")
    assert lines == [*code, "\u2514", *(["# After"] if "#" in end else [])]


def test_much_code_is_shown_plain() -> None:
    code = ["x = 1"] * (MOST_CHARACTERS // 5)
    assert all(line == (("x = 1", "text"),) for line in highlighted(code, "python"))


def test_plain_is_the_text_as_it_stands() -> None:
    text = "# **a**\r\n\tb\x1b[31m"
    assert ["".join(t for t, _ in b.spans) for b in plain_blocks(text)] == ["# **a**", "    b\u241b[31m"]
