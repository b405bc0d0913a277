"""Measures that can fail: near 1 on clusters and names that are right, at chance on those that are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from core.cluster.blocks import unit
from core.cluster.kmeans import kmeans
from core.control import Control, Progress
from core.errors import Cancelled
from core.evaluate.figures import share
from core.evaluate.geometry import davies_bouldin, over, silhouette
from core.evaluate.inputs import Grouped, Name
from core.evaluate.intruder import MEMBERS, intruder_test, lineups
from core.evaluate.names import distinctness
from core.evaluate.recommend import recommend
from core.evaluate.reconstruct import reconstruction
from core.evaluate.rows import Measure, SweepRow
from core.evaluate.sweep import Sample, measured, within
from core.evaluate.tree import siblings
from core.evaluate.wilson import wilson
from tests.test_cluster_algorithms import blobs

TOPICS, EACH = 20, 60


def data(labels: np.ndarray, vectors: np.ndarray) -> Grouped:
    return over(vectors, labels.astype(np.int64), np.ones(len(labels), dtype=np.int64), int(labels.max()) + 1)


@pytest.fixture(scope="module")
def right() -> Grouped:
    vectors, truth = blobs(TOPICS, EACH)
    return data(truth, vectors)


@pytest.fixture(scope="module")
def wrong() -> Grouped:
    """The same texts in clusters drawn by chance."""
    vectors, truth = blobs(TOPICS, EACH)
    return data(np.random.default_rng(3).permutation(truth), vectors)


def value(rows: list[Measure], measure: str, scope: str) -> float:
    (found,) = [row.value for row in rows if (row.measure, row.scope) == (measure, scope)]
    assert found is not None
    return found


def test_the_intruder_is_found_among_the_like_and_by_chance_among_the_unlike(
    right: Grouped, wrong: Grouped
) -> None:
    (good,) = intruder_test(right, 10, 1, Control())
    (bad,) = intruder_test(wrong, 10, 1, Control())
    assert good.n == bad.n == TOPICS * 10
    assert good.value is not None and good.value > 0.98
    assert bad.low is not None and bad.high is not None
    assert bad.low < 1 / (MEMBERS + 1) < bad.high


def test_a_lineup_holds_five_members_and_one_of_another_cluster(right: Grouped) -> None:
    asked = lineups(right, 10, 1)
    assert asked == lineups(right, 10, 1)
    assert asked != lineups(right, 10, 2)
    places = [lineup.intruder for lineup in asked]
    assert set(places) == set(range(MEMBERS + 1))
    for lineup in asked:
        labels = [int(right.labels[text]) for text in lineup.texts]
        assert labels.pop(lineup.intruder) != lineup.cluster
        assert labels == [lineup.cluster] * MEMBERS
        assert len(set(lineup.texts)) == MEMBERS + 1


def test_small_clusters_are_left_out_and_said(right: Grouped) -> None:
    labels = right.labels.copy()
    labels[np.flatnonzero(labels == 0)[MEMBERS - 1 :]] = 1
    (row,) = intruder_test(data(labels, np.asarray(right.table)), 2, 1, Control())
    assert row.n == 2 * (TOPICS - 1)
    assert "1 clusters of fewer texts" in row.note


def test_members_are_found_by_right_names_and_not_by_swapped_ones(right: Grouped, wrong: Grouped) -> None:
    names = unit(right.means)
    good = reconstruction(right, names, 20, 1, Control())
    assert value(good, "reconstruction@1", "names") > 0.98
    assert value(good, "reconstruction@1", "centroids") > 0.98
    assert value(good, "reconstruction@1", "chance") == 1 / TOPICS
    swapped = reconstruction(right, np.roll(names, 1, axis=0), 20, 1, Control())
    assert value(swapped, "reconstruction@1", "names") < 0.02
    assert value(swapped, "reconstruction@1", "centroids") == value(good, "reconstruction@1", "centroids")
    draws = np.random.default_rng(99).standard_normal((30, *names.shape))
    blind = [reconstruction(right, unit(draw), 10, 1, Control()) for draw in draws]
    for top in (1, 3):
        mean = np.mean([value(rows, f"reconstruction@{top}", "names") for rows in blind])
        assert mean == pytest.approx(top / TOPICS, abs=0.04)
    by_chance = reconstruction(wrong, unit(wrong.means), 60, 1, Control())
    # A member has a part in the mean of its own cluster, and only the centroids take it out.
    assert value(by_chance, "reconstruction@1", "centroids") < 2 / TOPICS
    same = reconstruction(right, np.repeat(names[:1], TOPICS, axis=0), 20, 1, Control())
    assert value(same, "reconstruction@1", "names") == 0
    assert value(same, "reconstruction@3", "names") == 0


def test_titles_that_say_the_same_are_counted() -> None:
    names = [
        Name(i, title, "", (), ()) for i, title in enumerate(["Bake a cake", "bake a cakes", "Poems", "SQL"])
    ]
    vectors = unit(np.array([[1, 0.0, 0], [1, 0.01, 0], [0, 1, 0], [0, 0, 1]]))
    rows = distinctness(names, vectors)
    assert value(rows, "distinct titles", "names") == 0.5
    assert value(rows, "near-duplicate titles", "names") == 0.5
    assert value(rows, "repeated titles", "names") == 0.5
    apart = distinctness([name for name in names if name.cluster != 1], vectors[[0, 2, 3]])
    assert value(apart, "distinct titles", "names") == 1
    assert value(apart, "repeated titles", "names") == 0


def test_themes_of_alike_clusters_are_apart_and_themes_by_chance_are_not() -> None:
    themes, _ = blobs(5, 8, spread=0.5)
    rng = np.random.default_rng(1)
    of_theme = (themes @ themes.T > 0.4).argmax(axis=1)
    keys = {first: f"t{at}" for at, first in enumerate(dict.fromkeys(of_theme.tolist()))}
    theme = [keys[first] for first in of_theme.tolist()]
    vectors = unit(np.repeat(themes, 10, axis=0) + rng.standard_normal((400, 48)) * 0.02)
    found = data(np.repeat(np.arange(40), 10), vectors)

    def measured(order: list[str]) -> list[Measure]:
        return siblings(found, [[key, f"c{at}"] for at, key in enumerate(order)], [["theme", "cluster"]] * 40)

    good, bad = measured(theme), measured(rng.permutation(theme).tolist())
    assert len(set(theme)) == 5
    assert value(good, "sibling separation", "level 1") > 0.5
    assert value(good, "clusters in the nearest theme", "level 1") == 1
    assert value(bad, "sibling separation", "level 1") < 0
    assert value(bad, "clusters in the nearest theme", "level 1") < 0.4


labelled = (
    st.integers(0, 10_000)
    .map(np.random.default_rng)
    .map(lambda rng: (unit(rng.standard_normal((40, 5))), rng.integers(0, rng.integers(2, 8), 40)))
)


@settings(max_examples=50, deadline=None)
@given(labelled)
def test_silhouette_and_davies_bouldin_are_scikit_learns(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, raw = drawn
    labels = np.unique(raw, return_inverse=True)[1]
    if labels.max() < 1:
        return
    found, wide = data(labels, vectors), vectors.astype(np.float64)
    ours = silhouette(found, np.arange(40))
    assert ours == pytest.approx(metrics.silhouette_score(wide, labels, metric="cosine"), abs=1e-5)
    each = metrics.silhouette_samples(wide, labels, metric="cosine")
    assert silhouette(found, np.array([3, 7])) == pytest.approx(each[[3, 7]].mean(), abs=1e-5)
    assert davies_bouldin(found) == pytest.approx(metrics.davies_bouldin_score(wide, labels), rel=1e-4)


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval_is_the_published_one(found: int, n: int, low: float, high: float) -> None:
    assert wilson(found, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_share_of_nothing_has_no_value() -> None:
    assert share("m", "s", 0, 0) == Measure("m", "s", None, None, None, 0, "Nothing to ask.")


def swept(
    k: int, silhouette: float, stability: float | None, coherence: float = 0.4, spread: float = 0.002
) -> SweepRow:
    return SweepRow(k, silhouette, spread, 2.0, stability, coherence, 5, 50, 30)


@pytest.mark.parametrize(
    ("rows", "wanted", "words"),
    [
        ([swept(50, 0.2, 0.8), swept(100, 0.3, 0.9), swept(200, 0.22, 0.7)], 100, "k=100 separates best"),
        (
            [swept(50, 0.29, 0.9), swept(100, 0.3, 0.7), swept(200, 0.1, 0.6)],
            50,
            "more stable (0.90 against 0.70)",
        ),
        ([swept(50, 0.29, 0.9), swept(100, 0.3, 0.9), swept(200, 0.1, 0.6)], 50, "fewer clusters to read"),
        ([swept(50, 0.1, 0.9), swept(100, 0.2, 0.8), swept(200, 0.3, 0.7)], 200, "try larger ones"),
        ([swept(50, 0.1, 0.95), swept(100, 0.2, 0.7), swept(200, 0.1, 0.7)], 100, "What it gives up: k=50"),
        ([swept(20, 0.105, 0.53), swept(60, 0.105, 0.47)], 20, "k=20 separates as well as k=60 (silhouette"),
        ([swept(50, 0.1, 0.2), swept(100, 0.2, 0.3)], None, "two seeds still agree little"),
        ([swept(50, 0.2, 0.9), swept(100, 0.21, 0.9)], None, "No k stands out"),
        ([swept(50, 0.2, 0.9, spread=0.1), swept(100, 0.35, 0.9, spread=0.1)], None, "No k stands out"),
        ([swept(50, 0.2, 0.9)], None, "only value"),
        ([swept(50, 0.2, None), swept(100, 0.3, None)], 100, "."),
    ],
)
def test_the_recommendation_says_what_is_traded(rows: list[SweepRow], wanted: int | None, words: str) -> None:
    taken, reason = recommend(rows, 3)
    assert taken == wanted
    assert words in reason


def tried(vectors: np.ndarray, values: list[int]) -> tuple[int | None, str]:
    """What a sweep over three seeds recommends."""
    sample = Sample(vectors, np.ones(len(vectors), dtype=np.int64), np.arange(len(vectors)))
    weights = np.ones(len(vectors))
    found = [(k, [kmeans(vectors, weights, k, seed) for seed in range(3)]) for k in values]
    return recommend([measured(sample, k, runs, Control()) for k, runs in found], 3)


def test_a_sweep_takes_the_number_of_topics_and_none_where_there_are_none() -> None:
    assert tried(blobs(12, 40)[0], [6, 12, 24])[0] == 12
    noise = unit(np.random.default_rng(8).standard_normal((500, 48)))
    taken, reason = tried(noise, [6, 12, 24])
    assert taken is None
    assert reason.startswith("No k stands out")


def test_a_sweep_can_be_stopped() -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(Cancelled):
        kmeans(blobs(5, 40)[0], np.ones(200), 5, 1, within(Control(cancelled=stop), 0, 3, 5))
    seen: list[Progress] = []
    kmeans(blobs(5, 40)[0], np.ones(200), 5, 1, within(Control(seen.append), 1, 3, 5))
    assert {(one.done, one.total, one.unit) for one in seen} == {(1, 3, "values of k")}
