"""The steps of a tree by a model, without a server: whatever is answered, what comes of it is sound."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.control import Control
from core.hierarchy.clio_answers import (
    AssignTheme,
    Group,
    MergeThemes,
    NameTheme,
    ProposeThemes,
    Theme,
    bad_assignment,
    bad_merge,
    bad_name,
    bad_proposal,
    clean,
)
from core.hierarchy.clio_assign import assign
from core.hierarchy.clio_dedupe import bounds, dedupe, most_themes
from core.hierarchy.clio_items import Draft, cluster_items
from core.hierarchy.clio_levels import grow
from core.hierarchy.clio_order import TreeWork, prepare
from core.hierarchy.clio_propose import share_of
from core.hierarchy.clio_tree import Assembly
from core.hierarchy.clio_vectors import neighbourhoods, outside_of
from core.hierarchy.nodes import with_root
from core.llm.question import Outcome, Question
from core.name.unique import title_key
from tests.clio import request
from tests.naming import opened

LOOSE = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def unit_rows(n: int, dim: int, seed: int, distinct: int | None = None) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(distinct or n, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[np.arange(n) % len(rows)]


@LOOSE
@given(st.integers(1, 260), st.integers(5, 40), st.integers(0, 99), st.sampled_from([None, 1, 3]))
def test_neighbourhoods_part_all_rows_into_bounded_groups(
    n: int, size: int, seed: int, distinct: int | None
) -> None:
    vectors = unit_rows(n, 12, seed, distinct)
    groups = neighbourhoods(vectors, size, seed, Control())
    assert sorted(np.concatenate(groups).tolist()) == list(range(n))
    assert len(groups) <= -(-n // size)
    assert max(len(group) for group in groups) < 2 * size + 5
    assert min(len(group) for group in groups) >= min(n, 5)
    again = neighbourhoods(vectors, size, seed, Control())
    assert all(np.array_equal(a, b) for a, b in zip(groups, again, strict=True))


def test_what_is_nearest_outside_is_outside_and_nearest() -> None:
    vectors = unit_rows(50, 8, 1)
    group = np.arange(0, 20)
    found = outside_of(group, vectors, 7)
    assert len(found) == 7
    assert not set(found.tolist()) & set(group.tolist())
    near = vectors @ vectors[group].sum(axis=0)
    assert near[found].min() >= np.delete(near, [*group, *found]).max() - 1e-6
    assert len(outside_of(np.arange(50), vectors, 7)) == 0


@given(st.integers(1, 80), st.integers(1, 3000), st.integers(1, 400))
def test_a_share_can_be_met(items: int, more: int, wanted: int) -> None:
    share = share_of(items, items + more, wanted)
    assert 1 <= share.least <= share.wanted <= share.most <= items


@given(st.integers(1, 500), st.integers(1, 400))
def test_bounds_hold_the_wanted_number(count: int, wanted: int) -> None:
    least, most = bounds(count, wanted)
    assert 1 <= least <= most <= count
    assert most <= most_themes(wanted)
    if wanted <= count:
        assert least <= wanted <= most


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Help with Python.", "Help with Python"),
        ('"Title: cats"', "Cats"),
        ("...", ""),
        (" . ", ""),
        ("**", ""),
        ("Category: Cats。", "Category: Cats"),
        ("iPhone repairs", "iPhone repairs"),
        ("写诗。", "写诗"),
    ],
)
def test_titles_are_cleaned(title: str, shown: str) -> None:
    assert clean(title) == shown


def test_what_is_wrong_with_an_answer_is_said() -> None:
    two = ProposeThemes(themes=[Theme(title="Cats"), Theme(title="Dogs.")])
    assert bad_proposal(two, 1, 3) == ""
    assert "from 3 to 5" in bad_proposal(two, 3, 5)
    assert "0 themes" in bad_proposal(ProposeThemes(themes=[]), 1, 3)
    assert (
        "Cat" in bad_proposal(ProposeThemes(themes=[Theme(title="Cats"), Theme(title="cat.")]), 1, 3).title()
    )
    assert "empty" in bad_proposal(ProposeThemes(themes=[Theme(title=" . ")]), 1, 3)

    def merge(*groups: list[int]) -> MergeThemes:
        return MergeThemes(groups=[Group(numbers=numbers) for numbers in groups])

    assert bad_merge(merge([1, 3], [2]), 3, 1, 3) == ""
    assert "0, 4" in bad_merge(merge([0, 1, 2, 3, 4]), 3, 1, 3)
    assert "2 stands in more" in bad_merge(merge([1, 2], [2, 3]), 3, 1, 3)
    assert "3 stands in no group" in bad_merge(merge([1, 2]), 3, 1, 3)
    assert "from 2 to 3" in bad_merge(merge([1, 2, 3]), 3, 2, 3)
    assert bad_assignment(AssignTheme(theme=0), 5) == bad_assignment(AssignTheme(theme=5), 5) == ""
    assert "1 to 5" in bad_assignment(AssignTheme(theme=6), 5)
    assert bad_assignment(AssignTheme(theme=-1), 5)
    assert bad_name(NameTheme(title="."))
    assert not bad_name(NameTheme(title="Cats."))


@pytest.fixture
def work(sixty_clusters: Path) -> Iterator[TreeWork]:
    session = opened(sixty_clusters)
    with session.workspace.connection():
        yield prepare(session, request("http://127.0.0.1:1"))


def asking_nobody(_: str, questions: Sequence[Question[Any]]) -> list[Outcome[Any]]:
    return [Outcome("pending", None, "not asked", "", 0) for _ in questions]


class Whimsical:
    """Answers anything: good numbers, bad numbers, nothing, the same title again and again; or not at all."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __call__(self, step: str, questions: Sequence[Question[Any]]) -> list[Outcome[Any]]:
        return [self.answer(step, question) for question in questions]

    def title(self) -> str:
        return self.chance.choice(
            ["Cats.", "Dogs", "No good parent", "Noise", "", "...", "x" * 300, f"T{self.chance.random()}"]
        )

    def number(self) -> int:
        return self.chance.choice([0, 1, 1, 2, 3, 5, 8, 13, -1, 99, 10**9])

    def answer(self, step: str, question: Question[Any]) -> Outcome[Any]:
        fate = self.chance.random()
        if fate < 0.2:
            return Outcome(self.chance.choice(["failed", "pending"]), None, "no answer", "h", 2)
        count = self.chance.choice([0, 1, 5, 40])
        answers: dict[str, Any] = {
            "propose": lambda: ProposeThemes(themes=[Theme(title=self.title()) for _ in range(count)]),
            "dedupe": lambda: MergeThemes(
                groups=[
                    Group(
                        numbers=[self.number() for _ in range(self.chance.randint(0, 6))], title=self.title()
                    )
                    for _ in range(count)
                ]
            ),
            "assign": lambda: AssignTheme(theme=self.number()),
            "rename": lambda: NameTheme(title=self.title(), description=self.title()),
        }
        answer = answers[step]()
        problem = question.judge(answer)
        return Outcome("unsupported" if problem else "answered", answer, problem, f"h{step}", 1)


def check(work: TreeWork, assembly: Assembly) -> None:
    """Every rule that a tree has to keep."""
    nodes = with_root(assembly.nodes(), work.leaves)
    by_key = {node.key: node for node in nodes}
    assert len(by_key) == len(nodes)
    assert Counter(node.cluster for node in nodes if node.cluster is not None) == Counter(
        leaf.number for leaf in work.leaves
    )
    for node in nodes:
        children = [child for child in nodes if child.parent == node.key]
        assert bool(children) == (node.cluster is None)
        assert not children or sum(child.size for child in children) == node.size
        assert len({child.title for child in children}) == len(children)
        assert sorted(child.position for child in children) == list(range(len(children)))
        assert node.kind != "theme" or len(children) > 1
        assert node.title
        if node.parent is not None:
            assert node.level == by_key[node.parent].level + 1
            assert nodes.index(by_key[node.parent]) < nodes.index(node)
    themes = [node.title for node in nodes if node.kind == "theme"]
    assert len({title_key(title) for title in themes}) == len(themes)
    assert max(len(title) for title in [*themes, ""]) <= 61
    assert {origin.key for origin in assembly.origins} <= set(by_key)


@LOOSE
@given(seed=st.integers(0, 10**6))
def test_whatever_is_answered_the_tree_is_sound(seed: int, work: TreeWork) -> None:
    check(work, Assembly(work, grow(work, Whimsical(seed))))


def test_the_same_answers_make_the_same_nodes(work: TreeWork) -> None:
    found = [Assembly(work, grow(work, Whimsical(8))) for _ in range(2)]
    assert found[0].nodes() == found[1].nodes()
    assert found[0].origins == found[1].origins


def test_without_any_answer_like_clusters_lie_together(work: TreeWork) -> None:
    assembly = Assembly(work, grow(work, asking_nobody))
    check(work, assembly)
    nodes = assembly.nodes()
    themes = {node.key: node for node in nodes if node.kind == "theme"}
    assert len(themes) > 10
    assert not any(node.low_fit and not node.parent for node in nodes)
    # The generated clusters of a subject share its word: with chance alone, one pair in twenty-five would.
    subjects = {node.key: set(node.title.lower().split()) for node in nodes if node.kind == "cluster"}
    pairs = [
        bool(subjects[a.key] & subjects[b.key])
        for a in nodes
        for b in nodes
        if a.key < b.key
        and a.parent == b.parent
        and a.parent in themes
        and a.key in subjects
        and b.key in subjects
    ]
    assert np.mean(pairs) > 0.25


def draft(number: int, vector: np.ndarray, title: str = "") -> Draft:
    return Draft(title or f"Theme number {number}", "", (), vector, True)


@LOOSE
@given(seed=st.integers(0, 10**6), count=st.integers(1, 230), wanted=st.integers(1, 90))
def test_themes_are_compared_in_lists_and_no_more_are_left_than_may_be(
    seed: int, count: int, wanted: int, work: TreeWork
) -> None:
    drafts = [draft(at, row) for at, row in enumerate(unit_rows(count, 8, seed))]
    left = dedupe(work, drafts, 3, wanted, Whimsical(seed))
    assert 1 <= len(left) <= most_themes(wanted)
    assert len({title_key(one.title) for one in left}) == len(left)
    alone = dedupe(work, drafts, 1, wanted, Whimsical(seed))
    assert len(alone) == (count if count <= most_themes(wanted) else wanted)


def test_a_list_of_themes_that_is_too_long_is_compared_in_parts_twice(work: TreeWork) -> None:
    asked: list[int] = []

    def each_alone(step: str, questions: Sequence[Question[Any]]) -> list[Outcome[Any]]:
        assert step == "dedupe"
        asked.append(len(questions))
        found = []
        for question in questions:
            count = question.prompt.user.split("<themes>")[1].split("</themes>")[0].count('"n": ')
            assert count <= 100
            answer = MergeThemes(groups=[Group(numbers=[n]) for n in range(1, count + 1)])
            found.append(Outcome("answered", answer, question.judge(answer), "h", 0))
        return found

    drafts = [draft(at, row) for at, row in enumerate(unit_rows(240, 8, 3))]
    left = dedupe(work, drafts, 6, 240, each_alone)
    assert len(left) == 240
    assert len(asked) == 2
    assert min(asked) > 2


def chosen(question: Question[Any], title: str) -> int:
    """The number of a theme in a prompt; 0 where it is not listed."""
    lines = question.prompt.user.split("<themes>\n")[1].split("\n</themes>")[0].splitlines()
    listed = {json.loads(line)["text"]: json.loads(line)["n"] for line in lines}
    return int(listed.get(title, 0))


def test_a_number_stands_for_the_theme_that_it_has_in_its_own_list(work: TreeWork) -> None:
    items = cluster_items(work.clusters)
    vectors = work.meanings.of_items(items)
    themes = [draft(at, row, f"Theme {at}") for at, row in enumerate(vectors[:80])]
    assert len(themes) == 60
    themes += [
        draft(at, row, f"Theme {at}") for at, row in enumerate(unit_rows(20, vectors.shape[1], 1), start=60)
    ]
    seen: list[int] = []

    def ask(_: str, questions: Sequence[Question[Any]]) -> list[Outcome[Any]]:
        found = []
        for at, question in enumerate(questions):
            seen.append(question.prompt.user.count('"n": '))
            answer = AssignTheme(theme=chosen(question, f"Theme {at}."))
            found.append(Outcome("answered", answer, question.judge(answer), "h", 0))
        return found

    placed = assign(work, items, vectors, themes, ask)
    # Each item's own theme is the nearest to it, so it is among the sixty of eighty that are listed.
    assert set(seen) == {60}
    assert [at for at, _ in placed] == list(range(60))
    assert {placing.how for _, placing in placed} == {"model"}


def test_votes_of_a_kind_are_counted_and_the_invalid_ones_left_out(work: TreeWork) -> None:
    voting = replace(work, order=replace(work.order, votes=5))
    items = cluster_items(work.clusters)[:2]
    vectors = work.meanings.of_items(items)
    themes = [draft(at, row, f"Theme {at}") for at, row in enumerate(vectors)]
    votes = iter(["Theme 1", "Theme 1", "none", "bad", "lost", "none", "Theme 0", "bad", "Theme 1", "lost"])

    def ask(_: str, questions: Sequence[Question[Any]]) -> list[Outcome[Any]]:
        found: list[Outcome[Any]] = []
        for question in questions:
            vote = next(votes)
            if vote == "lost":
                found.append(Outcome("failed", None, "HTTP 500", "h", 0))
                continue
            answer = AssignTheme(theme=77 if vote == "bad" else chosen(question, f"{vote}."))
            problem = question.judge(answer)
            found.append(Outcome("unsupported" if problem else "answered", answer, problem, "h", 0))
        return found

    (first, one), (second, other) = assign(voting, items, vectors, themes, ask)
    assert (first, one.how, one.votes) == (1, "model", (("Theme 1", 2), ("", 1)))
    assert [call.vote for call in one.calls] == [0, 1, 2, 3]
    assert "77" in one.problem
    # None, theme 0 and theme 1 have one vote each; theme 1 is made of the item itself.
    assert (second, other.how) == (1, "model")
    assert dict(other.votes) == {"": 1, "Theme 0": 1, "Theme 1": 1}
