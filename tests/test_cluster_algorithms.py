"""k-means, density, defaults and measures on made data whose truth is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from core.cluster.blocks import map_blocks, unit
from core.cluster.choose import choose_k, choose_min_cluster_size
from core.cluster.density import hdbscan
from core.cluster.kmeans import kmeans
from core.cluster.measure import coherence, mixture, neighbour_clusters
from core.cluster.neighbours import nearest_neighbours
from core.cluster.representatives import representatives
from core.cluster.result import Clustering
from core.control import Control, Progress
from core.errors import ActionError, Cancelled


def blobs(topics: int, each: int, dim: int = 48, spread: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors `[topics * each, dim]` around random directions, shuffled, and the topic of each."""
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((topics, dim)))
    truth = rng.permutation(np.repeat(np.arange(topics), each))
    noise = rng.standard_normal((len(truth), dim)) * (spread / np.sqrt(dim))
    return unit(centres[truth] + noise), truth


def check(found: Clustering, vectors: np.ndarray, weights: np.ndarray) -> None:
    """What holds for every clustering."""
    n = len(vectors)
    assert found.labels.dtype == np.int32
    assert found.distances.dtype == np.float32
    assert found.centroids.dtype == np.float32
    assert found.labels.shape == found.distances.shape == (n,)
    member = found.labels >= 0
    assert set(found.labels[member]) == set(range(found.k))
    mass = np.bincount(found.labels[member], weights=weights[member], minlength=found.k)
    keys = list(zip(-mass, found.medoids, strict=True))
    assert keys == sorted(keys)
    if found.k:
        np.testing.assert_allclose(np.linalg.norm(found.centroids, axis=1), 1, atol=1e-5)
        cosine = vectors.astype(np.float32) @ found.centroids.T
        own = np.where(member, cosine[np.arange(n), found.labels], cosine.max(axis=1))
        np.testing.assert_allclose(found.distances, 1 - own, atol=2e-3)
        for cluster in range(found.k):
            inside = np.flatnonzero(found.labels == cluster)
            assert found.medoids[cluster] == inside[np.argmin(found.distances[inside])]
    assert found.inertia == pytest.approx(float(weights[member] @ found.distances[member]), abs=1e-3)


class TestKMeans:
    def test_finds_the_topics(self) -> None:
        vectors, truth = blobs(20, 40)
        weights = np.random.default_rng(1).integers(1, 9, len(vectors)).astype(float)
        found = kmeans(vectors, weights, 20, seed=3)
        check(found, vectors, weights)
        assert adjusted_mutual_info_score(truth, found.labels) > 0.99
        assert found.converged

    def test_breathing_leaves_fewer_split_topics_than_one_plain_start(self) -> None:
        from sklearn.cluster import KMeans

        vectors, _ = blobs(60, 12, dim=16, spread=0.9)

        def cost(labels: np.ndarray) -> float:
            sums = [vectors[labels == cluster].sum(axis=0) for cluster in range(60)]
            return float(len(vectors) - np.linalg.norm(sums, axis=1).sum())

        ours = np.mean([cost(kmeans(vectors, np.ones(len(vectors)), 60, seed).labels) for seed in range(3)])
        plain = np.mean(
            [cost(KMeans(60, n_init=1, random_state=seed).fit(vectors).labels_) for seed in range(3)]
        )
        assert ours < plain

    def test_float16_map_gives_what_memory_gives(self, tmp_path: Path) -> None:
        vectors, _ = blobs(8, 50)
        half = vectors.astype(np.float16)
        mapped = np.memmap(tmp_path / "v", np.float16, "w+", shape=half.shape)
        mapped[:] = half
        weights = np.ones(len(half))
        a, b = (
            kmeans(half, weights, 8),
            kmeans(np.memmap(tmp_path / "v", np.float16, "r", shape=half.shape), weights, 8),
        )
        assert a.labels.tobytes() == b.labels.tobytes()
        assert a.centroids.tobytes() == b.centroids.tobytes()
        check(a, half, weights)

    def test_the_growing_samples_reach_every_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.cluster.kmeans.SAMPLE", 100)
        monkeypatch.setattr("core.cluster.kmeans.SAMPLE_PER_CLUSTER", 10)
        vectors, truth = blobs(10, 400)
        weights = np.ones(len(vectors))
        found = kmeans(vectors, weights, 10, seed=1)
        check(found, vectors, weights)
        assert adjusted_mutual_info_score(truth, found.labels) > 0.99

    def test_weights_pull(self) -> None:
        angles = np.asarray([0.0, 0.5, 2.0])
        vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        found = kmeans(vectors, np.asarray([99.0, 1.0, 1.0]), 2)
        assert found.labels.tolist() == [0, 0, 1]
        assert found.centroids[0] @ vectors[0] > 0.999

    def test_same_bytes_in_another_process_on_another_number_of_threads(self) -> None:
        code = """
import hashlib
import numpy as np
from core.cluster.kmeans import kmeans
rows = np.random.default_rng(0).standard_normal((12_000, 64))
rows[:, :20] *= 1 + 3 * np.eye(20)[np.arange(12_000) % 20]
rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
found = kmeans(rows, np.ones(12_000), 20, 5)
parts = (found.labels, found.centroids, found.distances)
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""
        hashes = set()
        for threads in ("1", "4"):
            env = os.environ | {
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "OPENBLAS_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
            }
            done = subprocess.run(
                [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
            )
            hashes.add(done.stdout)
        assert len(hashes) == 1

    @pytest.mark.parametrize("k", [0, -1, 11])
    def test_k_must_fit(self, k: int) -> None:
        with pytest.raises(ActionError, match=f"k={k}") as error:
            kmeans(blobs(2, 5)[0], np.ones(10), k)
        assert error.value.code == "bad_k"
        assert "10" in error.value.hint

    def test_cancel(self) -> None:
        with pytest.raises(Cancelled):
            kmeans(blobs(4, 50)[0], np.ones(200), 4, control=Control(cancelled=lambda: True))

    def test_progress_is_told(self) -> None:
        seen: list[Progress] = []
        kmeans(blobs(4, 50)[0], np.ones(200), 4, control=Control(seen.append))
        assert seen
        assert all(0 <= p.done <= p.total for p in seen)

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_any_k_gives_k_clusters(self, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 24))
        rows = np.asarray(
            data.draw(st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=n, max_size=n))
        )
        vectors = unit(rows)
        weights = np.asarray(data.draw(st.lists(st.integers(1, 50), min_size=n, max_size=n)), dtype=float)
        k = data.draw(st.integers(1, n))
        found = kmeans(vectors, weights, k, data.draw(st.integers(0, 5)))
        assert found.k == k
        assert set(found.labels) == set(range(k))
        assert np.isfinite(found.centroids).all()
        mass = np.bincount(found.labels, weights=weights)
        assert list(mass) == sorted(mass, reverse=True)


class TestDensity:
    @pytest.mark.parametrize("reduce", ["none", "pca", pytest.param("umap", marks=pytest.mark.slow)])
    def test_finds_topics_and_noise(self, reduce: str) -> None:
        vectors, truth = blobs(6, 40, spread=0.4)
        strays = unit(np.random.default_rng(5).standard_normal((20, 48)))
        vectors = np.vstack([vectors, strays])
        weights = np.arange(len(vectors), dtype=float) % 5 + 1
        found = hdbscan(vectors, weights, 10, reduce=reduce)
        check(found, vectors, weights)
        assert adjusted_mutual_info_score(truth, found.labels[:240]) > 0.9
        assert found.probabilities is not None
        assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
        assert (found.probabilities[found.labels < 0] == 0).all()
        if reduce == "none":
            assert (found.labels[240:] == -1).mean() > 0.8
        assert {"none": "raw", "pca": "PCA", "umap": "UMAP"}[reduce] in found.engine

    @pytest.mark.parametrize("exact_neighbours", [True, False])
    def test_the_large_engine(self, exact_neighbours: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        vectors, truth = blobs(30, 100, spread=0.6)
        vectors, weights = vectors.astype(np.float16), np.ones(3_000)
        exact = hdbscan(vectors, weights, 15, reduce="none")
        monkeypatch.setattr("core.cluster.density.EXACT_ROWS", 100)
        if not exact_neighbours:
            monkeypatch.setattr("core.cluster.neighbours.EXACT_ROWS", 100)
        found = hdbscan(vectors, weights, 15, reduce="none")
        check(found, vectors, weights)
        assert "graph" in found.engine
        assert adjusted_mutual_info_score(truth, found.labels) > 0.9
        assert adjusted_mutual_info_score(exact.labels, found.labels) > 0.95
        assert found.labels.tobytes() == hdbscan(vectors, weights, 15, reduce="none").labels.tobytes()

    def test_a_graph_in_many_pieces_is_no_single_cluster(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.cluster.density.EXACT_ROWS", 100)
        vectors, truth = blobs(20, 60, spread=0.1)
        found = hdbscan(vectors, np.ones(1_200), 10, reduce="none")
        assert found.k == 20
        assert adjusted_mutual_info_score(truth, found.labels) > 0.99

    def test_nearest_neighbours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        vectors, _ = blobs(30, 100, spread=0.9)
        cosine = vectors @ vectors.T
        np.fill_diagonal(cosine, -2)
        truth = np.sort(np.argsort(-cosine, axis=1)[:, :10], axis=1)
        found, distance = nearest_neighbours(vectors, 10)
        np.testing.assert_array_equal(np.sort(found, axis=1), truth)
        expected = np.linalg.norm(vectors[:, None] - vectors[found], axis=2)
        np.testing.assert_allclose(distance, expected, atol=1e-3)
        monkeypatch.setattr("core.cluster.neighbours.EXACT_ROWS", 100)
        near, _ = nearest_neighbours(vectors, 10)
        assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(near, truth, strict=True)]) > 0.9
        assert not (near == np.arange(3_000)[:, None]).any()
        assert all(len(set(row)) == 10 for row in near)

    def test_all_noise(self) -> None:
        vectors = unit(np.random.default_rng(0).standard_normal((30, 64)))
        found = hdbscan(vectors, np.ones(30), 15, reduce="none")
        assert found.k == 0
        assert (found.labels == -1).all()
        assert np.isfinite(found.distances).all()

    @pytest.mark.parametrize("n", [1, 2, 5, 16, pytest.param(17, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("reduce", ["auto", "umap", "none"])
    def test_few_texts(self, n: int, reduce: str) -> None:
        vectors = blobs(1, n)[0]
        found = hdbscan(vectors, np.ones(n), 2, reduce=reduce)
        check(found, vectors, np.ones(n))

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"min_cluster_size": 1}, "bad_min_cluster_size"),
            ({"min_cluster_size": 99}, "bad_min_cluster_size"),
            ({"min_cluster_size": 5, "min_samples": 0}, "bad_min_samples"),
            ({"min_cluster_size": 5, "min_samples": 40}, "bad_min_samples"),
            ({"min_cluster_size": 5, "reduce": "tsne"}, "bad_reduce"),
        ],
    )
    def test_values_must_fit(self, values: dict[str, Any], code: str) -> None:
        with pytest.raises(ActionError) as error:
            hdbscan(blobs(2, 20)[0], np.ones(40), **values)
        assert error.value.code == code


class TestChoose:
    @pytest.mark.parametrize("topics", [10, 40])
    def test_k_is_near_the_number_of_topics(self, topics: int) -> None:
        vectors, _ = blobs(topics, 1200 // topics, spread=0.8)
        chosen = choose_k(len(vectors), vectors)
        assert 0.6 * topics <= chosen.value <= 1.8 * topics
        assert str(chosen.value) in chosen.reason
        assert chosen == choose_k(len(vectors), vectors)

    @given(st.integers(1, 5_000_000))
    def test_defaults_fit(self, n: int) -> None:
        assert 1 <= choose_k(n).value <= n
        assert 2 <= choose_min_cluster_size(n).value <= max(n, 2)
        assert choose_k(n).reason.endswith(".")


class TestMeasure:
    def test_shuffled_low_tight_high_mixture_between(self) -> None:
        vectors, truth = blobs(10, 60, spread=0.6)
        weights = np.ones(600)
        own = coherence(vectors, weights, truth.astype(np.int32), 10)
        shuffled = np.random.default_rng(0).permutation(truth).astype(np.int32)
        assert (coherence(vectors, weights, shuffled, 10).clusters < 0.05).all()
        assert (own.clusters > 0.6).all()
        mixed = np.where(truth == 1, 0, truth).astype(np.int32)
        both = coherence(vectors, weights, mixed, 10)
        assert both.clusters[0] < 0.7 * min(own.clusters[:2])
        assert both.clusters[2] == pytest.approx(own.clusters[2])

    def test_a_narrow_cone_scores_like_a_wide_one(self) -> None:
        vectors, truth = blobs(10, 60)
        labels, weights = truth.astype(np.int32), np.ones(600)
        cone = unit(vectors + 1.5 * unit(np.ones((1, 48))))
        assert vectors.mean(axis=0) @ vectors.mean(axis=0) < 0.15
        assert cone.mean(axis=0) @ cone.mean(axis=0) > 0.5
        wide, narrow = (coherence(v, weights, labels, 10).clusters.mean() for v in (vectors, cone))
        assert narrow == pytest.approx(wide, abs=0.1)

    def test_by_hand(self) -> None:
        vectors = np.asarray([[1, 0], [0, 1], [0.6, 0.8], [0.6, 0.8]], dtype=np.float32)
        weights = np.asarray([1.0, 2.0, 3.0, 1.0])
        found = coherence(vectors, weights, np.asarray([0, 0, 0, 1], dtype=np.int32), 2)
        pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
        background = np.average(
            [vectors[i] @ vectors[j] for i, j in pairs], weights=[weights[i] * weights[j] for i, j in pairs]
        )
        inside = [(i, j) for i, j in pairs if i < 3 and j < 3]
        within = np.average(
            [vectors[i] @ vectors[j] for i, j in inside], weights=[weights[i] * weights[j] for i, j in inside]
        )
        assert found.background == pytest.approx(background)
        assert found.clusters == pytest.approx([max(0, (within - background) / (1 - background)), 1.0])

    def test_noise_counts_as_background_only(self) -> None:
        vectors, truth = blobs(4, 30)
        labels = np.where(truth == 3, -1, truth).astype(np.int32)
        assert (coherence(vectors, np.ones(120), labels, 3).clusters > 0.5).all()

    def test_neighbours(self) -> None:
        centroids = unit(np.random.default_rng(0).standard_normal((50, 8)))
        near = neighbour_clusters(centroids, 4)
        cosine = centroids @ centroids.T
        np.fill_diagonal(cosine, -2)
        np.testing.assert_array_equal(near, np.argsort(-cosine, axis=1)[:, :4])
        assert neighbour_clusters(centroids[:3], 9).shape == (3, 2)
        assert neighbour_clusters(centroids[:1], 9).shape == (1, 0)

    def test_mixture(self) -> None:
        vectors, truth = blobs(10, 60, spread=0.8)
        background = coherence(vectors, np.ones(600), truth.astype(np.int32), 10).background
        one = np.flatnonzero(truth == 0)
        two = np.flatnonzero(truth <= 1)
        assert not mixture(vectors, np.ones(600), one, background).mixed
        cut = mixture(vectors, np.ones(600), two, background)
        assert cut.mixed
        assert sorted([*cut.first, *cut.second]) == two.tolist()
        assert len(set(truth[cut.first])) == len(set(truth[cut.second])) == 1

    def test_a_random_handful_is_not_two_topics(self) -> None:
        vectors = unit(np.random.default_rng(0).standard_normal((200, 64)))
        assert not mixture(vectors, np.ones(200), np.arange(200), 0.0).mixed

    @pytest.mark.parametrize("n", [0, 1, 3, 8])
    def test_small_or_identical_clusters_are_no_mixture(self, n: int) -> None:
        vectors = np.tile(np.eye(4, dtype=np.float32)[:1], (8, 1))
        cut = mixture(vectors, np.ones(8), np.arange(n), 0.1)
        assert not cut.mixed
        assert len(cut.first) + len(cut.second) == n


class TestRepresentatives:
    def found(self) -> tuple[np.ndarray, Clustering]:
        vectors, _ = blobs(12, 50, spread=0.9)
        return vectors, kmeans(vectors, np.ones(600), 12)

    @pytest.mark.parametrize("block", [None, 64])
    def test_against_plain_sorting(self, block: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
        if block:
            monkeypatch.setattr("core.cluster.representatives.block_rows", lambda *_: block)
        vectors, found = self.found()
        labels = found.labels.copy()
        labels[::9] = -1
        wanted = [7, 0, 3]
        shown = representatives(vectors, labels, found.distances, found.centroids, wanted, 6, 4, 5)
        for cluster, got in zip(wanted, shown, strict=True):
            inside = np.flatnonzero(labels == cluster)
            near = inside[np.argsort(found.distances[inside], kind="stable")]
            assert got.central.tolist() == near[:6].tolist()
            assert got.boundary.tolist() == near[::-1][:4].tolist()
            others = np.flatnonzero(labels != cluster)
            order = np.argsort(-(vectors[others] @ found.centroids[cluster]), kind="stable")
            assert got.outside.tolist() == others[order[:5]].tolist()

    def test_near_duplicates_are_skipped(self) -> None:
        vectors = unit(np.asarray([[1, 0, 0], [1, 0.01, 0], [1, 0.02, 0], [1, 0.6, 0], [1, 0, 0.7]]))
        centroid = np.asarray([[1, 0, 0]], dtype=np.float32)
        distances = (1 - vectors @ centroid[0]).astype(np.float32)
        labels = np.zeros(5, dtype=np.int32)
        shown = representatives(vectors, labels, distances, centroid, [0], 3, 5, 5)[0]
        assert shown.central.tolist() == [0, 3, 4]
        assert set(shown.boundary) == {1, 2}
        assert shown.outside.tolist() == []

    def test_a_cluster_smaller_than_asked(self) -> None:
        vectors, found = self.found()
        labels = np.where(found.labels == 2, 0, found.labels)
        labels[np.flatnonzero(labels == 4)[1:]] = -1
        shown = representatives(vectors, labels, found.distances, found.centroids, [4], 5, 5, 3)[0]
        assert len(shown.central) == 1
        assert len(shown.boundary) == 0
        assert len(shown.outside) == 3


def test_blocks_come_in_order_and_errors_get_out() -> None:
    got = list(map_blocks(lambda block: (block.start, block.stop), 1000, 64))
    assert got == [(start, min(start + 64, 1000)) for start in range(0, 1000, 64)]

    def fail(block: slice) -> int:
        return 1 // int(block.start - 640)

    with pytest.raises(ZeroDivisionError):
        list(map_blocks(fail, 1000, 64))
