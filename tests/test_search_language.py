"""The language of searches: it reads anything, and its trees are typed again as they were read."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.search.language import FIELDS, Near, Part, Query, Restriction, Words, parse, render

FACETS = frozenset({"task", "concern"})

HOSTILE = [
    "std::vector<int>", "TypeError: x", "https://a.b/c?d=e:f", "[/INST] <<SYS>>", 'say "unba', "-", "--force", "->", "a:b", ":", "::",
    "in:", "language:", 'language:"', "NEAR(", "NEAR(a", "NEAR(a, 5)", "OR", "OR OR", "a OR", "*", "a**", "👩‍👩‍👧 OR 😀", "\ud800:x", "x" * 5_000,
    "log.language:x", "http://x", "user::x", "user://x", "{a: b}", "SELECT * FROM t", "a -", '"a"b', '"a"*', "if (x) { y: z }",
]  # fmt: skip

words = st.builds(Words, st.text(st.characters(exclude_characters='"'), max_size=12), st.booleans())
near = st.builds(
    Near,
    st.lists(st.from_regex(r"[a-z日+.]{1,5}\*?", fullmatch=True), min_size=2, max_size=4).map(tuple),
    st.integers(0, 1000),
)
restrictions = st.builds(
    Restriction,
    st.sampled_from([*FIELDS, *sorted(FACETS)]),
    st.text(max_size=10),
    st.sampled_from(["=", "<", "<=", ">", ">="]),
)
texts = st.builds(Part, st.one_of(words, near))
groups = st.one_of(
    st.lists(texts, min_size=1, max_size=3).map(tuple),
    st.builds(lambda what: (Part(what, True),), st.one_of(words, near, restrictions)),
    st.lists(restrictions, min_size=1, max_size=3).map(
        lambda found: tuple(Part(Restriction(found[0].field, r.value, r.operator)) for r in found)
    ),
)
queries = st.builds(Query, st.lists(groups, max_size=6).map(tuple))
typed = st.one_of(
    st.text(max_size=80),
    st.text(alphabet='ab "-*():<>=,.\0ORNEAR日', max_size=60),
    st.lists(
        st.sampled_from(
            ["OR", "-", '"', "NEAR(a b, 3)", "in:t1", "-is:noise", "task:>=3", "x*", "word", " ", '"p q"']
        ),
        max_size=12,
    ).map(" ".join),
)


@settings(max_examples=400, deadline=None)
@given(queries)
def test_a_tree_is_read_as_it_is_typed(query: Query) -> None:
    assert parse(render(query), FACETS) == query


@settings(max_examples=600, deadline=None)
@given(typed)
@example('a OR -b OR "c')
def test_nothing_but_an_action_error_and_the_same_again(text: str) -> None:
    try:
        query = parse(text, FACETS)
    except ActionError as error:
        refused = error.code
    else:
        assert parse(render(query), FACETS) == query
        return
    assert (refused, " OR " in text) == ("bad_search", True)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_field_is_text(text: str) -> None:
    query = parse(text, FACETS)
    assert not query.restrictions
    kept = "".join(w for g in query.groups for p in g for w in re.findall(r"\w", str(p.what.text)))  # type: ignore[union-attr]
    assert kept == "".join(re.findall(r"\w", text[:2000].replace(" OR 😀", "😀")))


def test_the_tree_of_every_form() -> None:
    query = parse(
        '"exact phrase" -word -"two words" begin* NEAR(a b, 5) x OR y language:de -chat_model:gpt-4 user:"a ""b""" turns:>=3 z '
    )
    assert query.groups == (
        (Part(Words("exact phrase")),),
        (Part(Words("word"), True),),
        (Part(Words("two words"), True),),
        (Part(Words("begin", True)),),
        (Part(Near(("a", "b"), 5)),),
        (Part(Words("x")), Part(Words("y"))),
        (Part(Restriction("language", "de")),),
        (Part(Restriction("chat_model", "gpt-4"), True),),
        (Part(Restriction("user", 'a "b"')),),
        (Part(Restriction("turns", "3", ">=")),),
        (Part(Words("z")),),
    )
