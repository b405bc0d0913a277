"""Full text search: what is found in which script, and that nothing a user types is an error."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.search.expression import excluded_expression, match_expression, wanted_text
from core.search.highlights import highlights
from core.search.language import parse
from db import fts
from db.workspace import Workspace

NOW = "2026-01-01T00:00:00Z"

HOSTILE = [
    "", " ", '"', '""', '"""', "'", "*", "AND", "OR NOT", "AND OR NOT NEAR(", "NEAR(a b, 3)", "a NEAR b", "body:x", "{a b}: c",
    "^a", "a^", "a*", "(a", "a)", "[/INST]", "-", "--", "-a", '-"a b"', '-"', 'a -"b', "a\0b", "\0", "😀", "👩‍👩‍👧", "+", "++", "c++",
    "#", ".", "...", "\ud800", "a\udfffb", "ﬁ", "İ", "\u0301", "%", "_", "a;DROP TABLE text", "\x1b[31mred", "\u202eabc",
    "日本", "ไทย", "한국", "हिन्दी", "x" * 5000, "a " * 5000, '" ' * 999, "-a " * 300,
]  # fmt: skip


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    return Workspace.open(tmp_path / "w", create=True, read_only=False, clock=lambda: NOW).raw


def match(query: str) -> str | None:
    """The expression for what was typed."""
    return match_expression(parse(query))


def found(connection: sqlite3.Connection, texts: Sequence[str], query: str) -> list[str]:
    """The texts that a query finds, in a fresh index of them."""
    connection.execute("INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
    fts.index_texts(connection, list(enumerate(texts, start=1)))
    expression = match(query)
    if expression is None:
        return []
    rows = connection.execute(
        "SELECT rowid FROM text_fts WHERE text_fts MATCH ? ORDER BY rowid", (expression,)
    )
    return [texts[row[0] - 1] for row in rows]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("検索", "日本語のテキストを検索する方法"),
        ("テキスト", "日本語のﾃｷｽﾄを検索"),
        ("天气", "今天天气怎么样"),
        ("한국어", "한국어를 배우고 싶어요"),
        ("ภาษา", "เรียนภาษาไทยอย่างไร"),
        ("हिन्दी", "मुझे हिन्दी में लिखो"),
        ("ελληνικα", "Μιλάς Ελληνικά;"),
        ("cafe", "un café, s'il vous plaît"),
        ("café", "un cafe\u0301 noir"),
        ("strasse", "Wo ist die Straße?"),
        ("STRASSE", "Wo ist die Straße?"),
        ("елка", "Где ёлка?"),
        ("c++", "why is C++ so hard"),
        ("C++", "Write c++11 code"),
        ("c#", "async in C#."),
        (".net", "deploy a .NET app"),
        ("net", "deploy a .NET app"),
        ("asp.net", "an ASP.NET page"),
        ("foo_bar", "what does foo_bar() do"),
        ("bar", "what does foo_bar() do"),
        ("[/INST]", "close it with [/INST] then"),
        ("😀", "hello😀there"),
        ("there", "hello😀there"),
        ("3.5", "use gpt-3.5 here"),
        ('"rate limit"', "hit the rate-limit again"),
        ("pyth", "a Python script"),
        ("script pyth", "a Python script"),
        ("don't", "Don't do it"),
    ],
)
def test_a_query_finds(connection: sqlite3.Connection, query: str, text: str) -> None:
    assert found(connection, ["nothing here", text], query) == [text]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("c++", "what is vitamin c"),
        ("c#", "vitamin c, please"),
        (".net", "the net income"),
        ("検方", "検索の方法"),
        ('"limit rate"', "rate limit"),
        ("pyth ", "a Python script"),
        ('"pyth"', "a Python script"),
        ("pyth script", "a Python script"),
        ("p", "a Python script"),
        ("python -script", "a Python script"),
        ('python -"a python"', "a Python script"),
        ("python java", "a Python script"),
        ("OR", "a Python script"),
        ("-script", "a Python text"),
    ],
)
def test_a_query_does_not_find(connection: sqlite3.Connection, query: str, text: str) -> None:
    assert found(connection, [text], query) == []


def test_two_hyphens_exclude_nothing(connection: sqlite3.Connection) -> None:
    assert found(connection, ["git --force push"], "git --force") == ["git --force push"]


@pytest.mark.parametrize(
    "query", ["", " ", "?!", "[]", "-", '"', '"" "."', "-only", "->", "\0", "\u0001 \ud800"]
)
def test_without_a_word_there_is_no_expression(query: str) -> None:
    assert match(query) is None


def test_nothing_that_is_typed_is_a_syntax_error(connection: sqlite3.Connection) -> None:
    for query in HOSTILE:
        found(connection, ["a b c", "[/INST]", "日本語"], query)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet='ab "-*()^:{}+.#\0ANDORNTE日', max_size=40)), st.booleans())
@example('"\ud800', False)
def test_no_text_at_all_is_a_syntax_error(query: str, any_word: bool) -> None:
    expression = match_expression(parse(query), any_word)
    if expression is not None:
        fts.score_documents([(1, ["a b"]), (2, ["日本 c++"])], [1.0], expression)
    excluded = excluded_expression(parse(query))
    if excluded is not None:
        fts.score_documents([(1, ["a b"])], [1.0], excluded)
    wanted_text(parse(query), query)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_a_text_finds_itself_by_its_first_words(text: str) -> None:
    words = [f'"{word.replace(chr(34), " ")}"' for word in text.split()[:3]]
    expression = match(" ".join(words))
    if expression is not None:
        assert [i for i, _ in fts.score_documents([(7, [text])], [1.0], expression)] == [7]


def test_texts_are_taken_out_again(connection: sqlite3.Connection) -> None:
    texts = [(1, "Café C++ 日本"), (2, "[/INST] \0 x"), (3, "café 😀")]
    fts.index_texts(connection, texts)
    fts.unindex_texts(connection, texts[:2])
    rows = connection.execute(
        "SELECT rowid FROM text_fts WHERE text_fts MATCH 'cafe OR inst OR x'"
    ).fetchall()
    assert rows == [(3,)]
    connection.execute("INSERT INTO text_fts (text_fts) VALUES ('integrity-check')")
    fts.unindex_texts(connection, texts[2:])
    assert connection.execute("SELECT count(*) FROM text_fts_docsize").fetchone() == (0,)
    assert connection.execute("SELECT rowid FROM text_fts WHERE text_fts MATCH 'cafe'").fetchall() == []


def test_of_a_giant_text_the_beginning_is_indexed(connection: sqlite3.Connection) -> None:
    giant = "early " + "x" * fts.INDEXED_CHARACTERS + " late"
    assert found(connection, [giant], "early") == [giant]
    assert found(connection, [giant], "late") == []
    fts.unindex_texts(connection, [(1, giant)])
    assert connection.execute("SELECT count(*) FROM text_fts_docsize").fetchone() == (0,)


def test_check_sees_what_is_missing_and_rebuild_mends_it(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "w", create=True, read_only=False, clock=lambda: NOW)
    with workspace.transaction() as connection:
        for i, content in enumerate(["one fish", "two fish", "red fish"], start=1):
            connection.execute("INSERT INTO text VALUES (?, ?, ?)", (i, f"{i:032x}", content))
    assert not fts.check(workspace)
    assert fts.rebuild(workspace) == 3
    assert fts.check(workspace)
    assert len(workspace.rows("SELECT rowid FROM text_fts WHERE text_fts MATCH 'fish'")) == 3
    with workspace.transaction() as connection:
        connection.execute("UPDATE text_fts_data SET block = zeroblob(40) WHERE id > 10")
    assert not fts.check(workspace)
    assert fts.rebuild(workspace) == 3
    assert fts.check(workspace)


def test_the_tokenizer_is_that_of_the_store(connection: sqlite3.Connection) -> None:
    sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'text_fts'").fetchone()[0]
    assert fts.TOKENIZER in sql


def test_scores_count_the_weights() -> None:
    documents = [(1, ["bread", "cheese"]), (2, ["cheese", "bread"]), (3, ["wine", "wine"])]
    expression = match("bread")
    assert expression is not None
    scores = dict(fts.score_documents(documents, [5.0, 1.0], expression))
    assert set(scores) == {1, 2}
    assert scores[1] > scores[2]


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Café and CAFE\u0301S", "cafe", ["Café", "CAFE\u0301"]),
        ("Wo ist die Straße", "strasse", ["Straße"]),
        ("foo_bar bars", "bar ", ["bar"]),
        ("C++ and c", "c++ ", ["C++"]),
        ("the net, .NET", ".net", [".NET"]),
        ("rate limit, rate-limit, rate a limit", '"rate limit"', ["rate limit", "rate-limit"]),
        ("日本語の検索", "検索", ["検索"]),
        ("hi 😀😀", "😀", ["😀", "😀"]),
        ("good bad", "good -bad", ["good"]),
        ("[/INST]", "[/INST]", ["INST"]),
        ("nothing", "?!", []),
        ("", "x", []),
    ],
)
def test_highlights(text: str, query: str, shown: list[str]) -> None:
    assert [text[start:end] for start, end in highlights(text, query)] == shown


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(max_size=30))
def test_highlights_lie_in_the_text_in_order(text: str, query: str) -> None:
    spans = highlights(text, query)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
