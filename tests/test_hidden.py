"""Which clusters are too small to leave: nothing below the threshold is shown, and no difference of totals tells one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.hidden import APART, Group, Threshold, choose
from tests.doors import run_text
from tests.naming import said


@st.composite
def forests(draw: st.DrawFn) -> list[Group]:
    """A tree of up to three levels whose counts add up, the root first."""
    groups = [Group("root", None, "root", None, 0, 0)]
    number = 0

    def grow(parent: str, level: int) -> tuple[int, int]:
        nonlocal number
        users = conversations = 0
        for _ in range(draw(st.integers(1, 4))):
            number += 1
            key = f"n{number}"
            place = len(groups)
            if level < 2 and draw(st.booleans()):
                groups.append(Group(key, parent, "theme", None, 0, 0))
                found = grow(key, level + 1)
                groups[place] = Group(key, parent, "theme", None, *found)
            else:
                kind = draw(st.sampled_from(["cluster", "cluster", "cluster", "noise"]))
                size = draw(st.integers(0, 9))
                found = (draw(st.integers(min(size, 1), size)), size)
                groups.append(Group(key, parent, kind, number, *found))
            users, conversations = users + found[0], conversations + found[1]
        return users, conversations

    groups[0] = Group("root", None, "root", None, *grow("root", 0))
    return groups


@given(forests(), st.integers(0, 6), st.integers(0, 6))
def test_what_is_shown_passes_and_what_is_hidden_is_never_alone(
    groups: list[Group], users: int, conversations: int
) -> None:
    threshold = Threshold(users, conversations)
    hidden, beyond = choose(groups, threshold)
    by_key = {group.key: group for group in groups}
    assert "root" not in hidden
    assert beyond <= hidden
    held: Counter[str] = Counter()
    for group in groups[1:]:
        counts = group.kind not in APART and group.conversations > 0
        if group.key in hidden and counts:
            held[group.parent or ""] += 1
        if group.key not in hidden and counts:
            assert threshold.passes(group.users, group.conversations)
            assert group.parent not in hidden
    for parent, count in held.items():
        if parent in hidden or count != 1:
            continue
        # There was nothing left that could have gone along.
        siblings = [g for g in groups if g.parent == parent and g.conversations and g.kind not in APART]
        assert parent == "root"
        assert len(siblings) == 1
    assert all(by_key[key].parent is not None for key in hidden)


def test_of_one_small_cluster_the_next_smallest_goes_along() -> None:
    flat = [Group(str(n), None, "cluster", n, size, size) for n, size in enumerate((50, 2, 9, 7))]
    assert choose(flat, Threshold(5)) == ({"1", "3"}, {"3"})
    assert choose(flat, Threshold(8)) == ({"1", "3"}, set())
    assert choose(flat, Threshold(1)) == (set(), set())


def test_a_theme_whose_only_cluster_is_hidden_goes_with_it() -> None:
    groups = [
        Group("root", None, "root", None, 100, 100),
        Group("t1", "root", "theme", None, 3, 3), Group("c1", "t1", "cluster", 1, 3, 3),
        Group("t2", "root", "theme", None, 40, 40), Group("c2", "t2", "cluster", 2, 40, 40),
        Group("t3", "root", "theme", None, 57, 57), Group("c3", "t3", "cluster", 3, 57, 57),
    ]  # fmt: skip
    assert choose(groups, Threshold(5)) == ({"t1", "c1", "t2", "c2"}, {"t2", "c2"})


@pytest.mark.parametrize("what", ["queries", "clusters", "hierarchy", "edits", "facets"])
def test_a_threshold_below_zero_is_no_threshold(what: str, own_workspace: Path, tmp_path: Path) -> None:
    ran = run_text(own_workspace, f"export.run what={what} path={tmp_path}/x.csv min_users=-1")
    assert ran.error["code"] == "bad_threshold"
    assert said(own_workspace, f"export.run what={what} path={tmp_path}/x.csv min_users=0")["note"] == ""
