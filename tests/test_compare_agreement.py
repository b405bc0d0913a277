"""Scores, matches and pieces of two groupings, against scikit-learn and on groupings whose story is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix

from core.compare.agreement import expected_mutual_information, purity, scores
from core.compare.contingency import Contingency, contingency
from core.compare.match import best_pairs, groups

labellings = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 6), min_size=n, max_size=n),
        st.lists(st.integers(-1, 6), min_size=n, max_size=n),
    )
)


def everything(table: Contingency) -> tuple[np.ndarray, np.ndarray]:
    return np.ones(len(table.row_labels), dtype=bool), np.ones(len(table.column_labels), dtype=bool)


def check_scores(a: np.ndarray, b: np.ndarray, tolerance: float) -> None:
    got = scores(contingency(a, b))
    assert got.ari == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-12)
    assert got.nmi == pytest.approx(metrics.normalized_mutual_info_score(a, b), abs=1e-12)
    assert got.homogeneity == pytest.approx(metrics.homogeneity_score(a, b), abs=1e-12)
    assert got.completeness == pytest.approx(metrics.completeness_score(a, b), abs=1e-12)
    assert got.v == pytest.approx(metrics.v_measure_score(a, b), abs=1e-12)
    assert got.ami == pytest.approx(metrics.adjusted_mutual_info_score(a, b), abs=tolerance)


@settings(max_examples=150, deadline=None)
@given(labellings)
def test_scores_are_scikit_learns(pair: tuple[list[int], list[int]]) -> None:
    a, b = (np.array(part) for part in pair)
    table = contingency(a, b)
    got, wanted = scores(table), metrics.adjusted_mutual_info_score(a, b)
    # Where the expected information is the largest possible, both divide rounding errors by rounding errors.
    expected = metrics.cluster.expected_mutual_information(contingency_matrix(a, b, sparse=True), len(a))
    largest = (metrics.mutual_info_score(a, a) + metrics.mutual_info_score(b, b)) / 2
    check = abs(largest - expected) > 1e-9
    assert not check or got.ami == pytest.approx(wanted, abs=1e-6)
    assert got.ari == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-12)
    assert got.nmi == pytest.approx(metrics.normalized_mutual_info_score(a, b), abs=1e-9)
    assert got.homogeneity == pytest.approx(metrics.homogeneity_score(a, b), abs=1e-9)
    assert got.completeness == pytest.approx(metrics.completeness_score(a, b), abs=1e-9)
    dense = contingency_matrix(a, b)
    assert purity(table) == pytest.approx(dense.max(axis=0).sum() / len(a))
    turned = scores(contingency(b, a))
    assert (turned.ari, turned.nmi) == (pytest.approx(got.ari), pytest.approx(got.nmi))


@pytest.mark.parametrize(("n", "k", "moved"), [(20_000, 40, 0.3), (20_000, 3, 1.0), (5_000, 2_000, 0.5)])
def test_scores_of_many_queries(n: int, k: int, moved: float) -> None:
    rng = np.random.default_rng(k)
    a = rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.7)))
    b = np.where(rng.random(n) < moved, rng.integers(0, k, n), a // 2)
    check_scores(a, b, 1e-8)


def test_chance_is_zero_and_the_same_is_one() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 20, 20_000)
    chance = scores(contingency(a, rng.permutation(a)))
    assert abs(chance.ari) < 0.005
    assert abs(chance.ami) < 0.005
    renamed = scores(contingency(a, 19 - a))
    assert renamed == pytest.approx((1.0,) * 6)


def test_the_expected_information_of_large_classes_is_scikit_learns() -> None:
    rows, columns = np.array([40_000, 9_999, 1]), np.array([25_000, 25_000])
    table = np.array([[20_000, 20_000], [5_000, 4_999], [0, 1]])
    wanted = metrics.cluster.expected_mutual_information(table, 50_000)
    assert expected_mutual_information(rows, columns) == pytest.approx(wanted, rel=1e-6)


def test_counts_weigh_as_repetitions_do() -> None:
    a, b, times = np.array([0, 0, 1, 2]), np.array([5, 6, 6, 6]), np.array([3, 1, 4, 2])
    weighted, repeated = contingency(a, b, times), contingency(np.repeat(a, times), np.repeat(b, times))
    assert scores(weighted) == scores(repeated)
    assert weighted.total == 10


@settings(max_examples=100, deadline=None)
@given(labellings)
def test_every_class_is_in_one_piece_and_every_query_counts_once(pair: tuple[list[int], list[int]]) -> None:
    table = contingency(*pair)
    topic_a, topic_b = table.row_labels >= 0, table.column_labels >= 0
    found = groups(table, topic_a, topic_b)
    rows = sorted(row for group in found for row in group.rows)
    columns = sorted(column for group in found for column in group.columns)
    assert rows == np.flatnonzero(topic_a).tolist()
    assert columns == np.flatnonzero(topic_b).tolist()
    dense = contingency_matrix(*pair)
    for group in found:
        inside = dense[np.ix_(group.rows, group.columns)].sum() if group.rows and group.columns else 0
        assert group.stayed == inside <= min(group.of_a, group.of_b)
        assert group.of_a == dense[list(group.rows)].sum()
        if group.kind == "same":
            assert group.jaccard >= 0.9
        assert (group.kind == "gone") == (not group.columns)
        assert (group.kind == "new") == (not group.rows)


@settings(max_examples=100, deadline=None)
@given(labellings)
def test_matches_are_the_best_there_are(pair: tuple[list[int], list[int]]) -> None:
    table = contingency(*pair)
    pairs = best_pairs(table, *everything(table))
    dense = contingency_matrix(*pair)
    rows, columns = linear_sum_assignment(dense, maximize=True)
    assert sum(overlap for *_, overlap in pairs) == dense[rows, columns].sum()
    assert all(overlap == dense[i, j] > 0 for i, j, overlap in pairs)
    assert len({i for i, *_ in pairs}) == len({j for _, j, _ in pairs}) == len(pairs)


STORIES = {
    "same": ([0] * 10, [7] * 10),
    "grown": ([0] * 5 + [-1] * 4, [7] * 9),
    "shrunk": ([0] * 9, [7] * 6 + [-1] * 3),
    "changed": ([0] * 6 + [-1] * 2, [7] * 4 + [-1] * 2 + [7] * 2),
    "split": ([0] * 10, [7] * 5 + [8] * 5),
    "merged": ([0] * 5 + [1] * 5, [7] * 10),
    "new": ([-1] * 5, [7] * 5),
    "gone": ([0] * 5, [-1] * 5),
}


@pytest.mark.parametrize("kind", STORIES)
def test_a_story_is_called_by_its_name(kind: str) -> None:
    table = contingency(*STORIES[kind])
    (group,) = groups(table, table.row_labels >= 0, table.column_labels >= 0)
    assert group.kind == kind


def test_several_stories_at_once_do_not_touch_each_other() -> None:
    a = [0] * 20 + [1] * 10 + [2] * 10 + [3] * 10 + [4] * 6
    b = [0] * 20 + [1] * 5 + [2] * 5 + [3] * 20 + [0, 1, 2, 3, 0, 1]
    table = contingency(a, b)
    found = {(group.kind, group.rows, group.columns) for group in groups(table, *everything(table))}
    assert found == {
        ("same", (0,), (0,)),
        ("split", (1,), (1, 2)),
        ("merged", (2, 3), (3,)),
        ("gone", (4,), ()),
    }
