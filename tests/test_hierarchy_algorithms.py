"""The tree above the clusters: always valid, exact widths, nested, and nothing forced where it does not fit."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score

from core.cluster.blocks import unit
from core.control import Control
from core.errors import ActionError, Cancelled
from core.hierarchy.agglomerate import build_tree, default_width, level_sizes
from core.hierarchy.tree import NodeKind, Tree
from core.hierarchy.ward import cut, ward


def themes(count: int, each: int, dim: int = 40, spread: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """`count * each` centroids around `count` directions, shuffled, and the theme of each."""
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((count, dim)))
    truth = rng.permutation(np.repeat(np.arange(count), each))
    return unit(centres[truth] + rng.standard_normal((len(truth), dim)) * (spread / np.sqrt(dim))), truth


def check(tree: Tree, sizes: np.ndarray) -> None:
    """What holds for every tree."""
    nodes = tree.nodes
    assert [node.index for node in nodes] == list(range(len(nodes)))
    leaves = [node for node in nodes if node.kind is NodeKind.CLUSTER]
    assert sorted(node.cluster for node in leaves if node.cluster is not None) == list(range(len(sizes)))
    assert max(node.level for node in nodes) == tree.levels
    for node in nodes:
        assert np.isfinite(node.fit)
        assert -1.001 <= node.fit <= 1.001
        assert node.central in node.clusters
        assert node.size == pytest.approx(sizes[list(node.clusters)].sum())
        children = [nodes[child] for child in node.children]
        assert bool(children) == (node.kind is not NodeKind.CLUSTER)
        assert all(child.parent == node.index and child.level == node.level + 1 for child in children)
        if children:
            assert sorted(c for child in children for c in child.clusters) == sorted(node.clusters)
            assert [child.size for child in children] == sorted((c.size for c in children), reverse=True)
    tops = [node for node in nodes if node.parent is None]
    assert tuple(tops) == tree.tops
    assert all(node.level == 1 for node in tops)
    orphanages = [node for node in nodes if node.kind is NodeKind.NO_GOOD_PARENT]
    assert len(orphanages) <= 1
    assert all(node is tops[-1] for node in orphanages)
    assert sum(len(node.clusters) for node in orphanages) <= 0.05 * len(sizes)


def ordinary(tree: Tree) -> int:
    return sum(node.kind is not NodeKind.NO_GOOD_PARENT for node in tree.tops)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_tree_is_valid(data: st.DataObject) -> None:
    k = data.draw(st.integers(1, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    distinct = unit(rng.standard_normal((data.draw(st.integers(1, k)), 4)))
    centroids = distinct[rng.integers(0, len(distinct), k)]
    sizes = rng.integers(0, 100, k).astype(float)
    levels = data.draw(st.integers(1, 5))
    width = data.draw(st.none() | st.integers(1, 70))
    tree = build_tree(centroids, sizes, levels, width)
    check(tree, sizes)
    assert tree.levels <= levels
    if levels > 1 and width is not None:
        assert ordinary(tree) == min(width, k)
    assert tree == build_tree(centroids, sizes, levels, width)


@pytest.mark.parametrize(
    ("k", "tops", "levels"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (12, 5, 2), (60, 12, 3), (400, 12, 3)]
)
def test_default_width_reads_well(k: int, tops: int, levels: int) -> None:
    centroids = unit(np.random.default_rng(0).standard_normal((k, 32)))
    tree = build_tree(centroids, np.ones(k))
    check(tree, np.ones(k))
    assert (ordinary(tree), tree.levels) == (tops, levels)
    assert default_width(k) == tops


def test_level_sizes_fall_geometrically() -> None:
    assert level_sizes(1000, 3, 10) == [10, 100, 1000]
    assert level_sizes(10_000, 4, 10) == [10, 100, 1000, 10_000]
    assert level_sizes(150, 3, 10) == [10, 39, 150]
    assert level_sizes(30, 3, 10) == [10, 30]
    assert level_sizes(10, 3, 10) == [10]
    assert level_sizes(5, 3, 10) == [5]
    assert level_sizes(500, 1, 10) == [500]


def test_finds_the_themes() -> None:
    centroids, truth = themes(8, 12)
    tree = build_tree(centroids, np.ones(96), width=8)
    check(tree, np.ones(96))
    found = np.zeros(96)
    for at, node in enumerate(tree.tops):
        found[list(node.clusters)] = at
    assert normalized_mutual_info_score(truth, found) > 0.95


def test_a_narrow_cone_of_vectors_gives_the_same_tree() -> None:
    centroids, _ = themes(8, 12)
    sizes = np.random.default_rng(0).integers(1, 50, 96).astype(float)
    cone = unit(centroids - np.average(centroids, axis=0, weights=sizes) + 20 * np.eye(1, 40))
    plain, narrow = (build_tree(c.astype(np.float32), sizes, width=8) for c in (centroids, cone))
    assert [node.clusters for node in plain.tops] == [node.clusters for node in narrow.tops]


def test_what_fits_nowhere_is_not_forced() -> None:
    centroids, _ = themes(6, 20, dim=80, spread=0.5)
    strays = unit(np.random.default_rng(9).standard_normal((3, 80)))
    sizes = np.r_[np.full(120, 10.0), 3.0, 2.0, 1.0]
    tree = build_tree(np.vstack([centroids, strays]), sizes, width=6)
    check(tree, sizes)
    assert tree.tops[-1].kind is NodeKind.NO_GOOD_PARENT
    assert tree.tops[-1].clusters == (120, 121, 122)
    assert ordinary(tree) == 6


def test_no_orphans_where_all_fit() -> None:
    centroids, _ = themes(6, 20, dim=80, spread=0.5)
    tree = build_tree(centroids, np.ones(120), width=6)
    assert all(node.kind is not NodeKind.NO_GOOD_PARENT for node in tree.nodes)


def test_a_poor_fit_is_marked() -> None:
    centroids, truth = themes(4, 10, dim=60, spread=0.4)
    odd = unit(centroids[truth == 0].mean(axis=0, keepdims=True) + 1.3 * np.eye(60)[:1])
    tree = build_tree(np.vstack([centroids, odd]), np.ones(41), levels=2, width=4)
    marked = [node.cluster for node in tree.nodes if node.low_fit]
    assert marked == [40]


def test_balance_on_a_smooth_cloud() -> None:
    centroids = unit(np.random.default_rng(0).standard_normal((300, 20)) + 0.5)
    tree = build_tree(centroids, np.ones(300), width=10)
    shares = [len(node.clusters) / 300 for node in tree.tops]
    assert max(shares) < 0.35


def test_a_cut_has_exactly_the_groups_asked_for_even_among_ties() -> None:
    merges = ward(np.zeros((9, 3), dtype=np.float32))
    for groups in range(1, 10):
        assert len(set(cut(merges, groups))) == groups


def test_ward_agrees_with_scipy() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage

    points = np.random.default_rng(0).standard_normal((200, 12)).astype(np.float32)
    ours, theirs = cut(ward(points), 15), fcluster(linkage(points, "ward"), 15, "maxclust")
    assert normalized_mutual_info_score(ours, theirs) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("k", [5_000, 7_000])
def test_many_clusters(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.hierarchy.agglomerate.WARD_MAX", 6_000)
    centroids, _ = themes(20, k // 20)
    started = time.process_time()
    tree = build_tree(centroids, np.ones(k))
    assert time.process_time() - started < 120
    check(tree, np.ones(k))


@pytest.mark.parametrize(
    ("k", "levels", "width", "code"),
    [(0, 3, None, "no_clusters"), (4, 0, None, "bad_levels"), (4, 3, 0, "bad_width")],
)
def test_errors(k: int, levels: int, width: int | None, code: str) -> None:
    with pytest.raises(ActionError) as error:
        build_tree(np.ones((k, 3), dtype=np.float32), np.ones(k), levels, width)
    assert error.value.code == code


def test_cancel() -> None:
    with pytest.raises(Cancelled):
        build_tree(themes(3, 3)[0], np.ones(9), control=Control(cancelled=lambda: True))


def test_no_theme_has_a_single_child() -> None:
    for seed in range(5):
        centroids = unit(np.random.default_rng(seed).standard_normal((40, 16)))
        for levels in (2, 3, 4):
            tree = build_tree(centroids, np.ones(40), levels, 12)
            check(tree, np.ones(40))
            assert all(len(node.children) != 1 for node in tree.nodes if node.kind is NodeKind.THEME)
