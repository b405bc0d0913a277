"""Outliers through a script, against planted texts and computations by hand."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.outliers.rows import OutlierRow
from core.session import Session
from db.dump import canonical_dump
from db.invariants import violations
from lmsys_tui.script import Options
from screens.result_lines import table_lines
from tests.doors import NOW, copied, run_text
from tests.naming import rows, said

TOPICS, EACH, DIM = 6, 70, 24
FAR, LONE, RARE, CYRILLIC = (
    "the one at the edge",
    "the one that nothing is like",
    "der eine auf deutsch",
    "пять русских слов здесь",
)
STRAYS = [f"stray {letter}" for letter in "abcdef"]
COPIES = [f"copy number {word} of the same" for word in ("one", "two", "three", "four")]
FOLDED = ["Order 12 pizzas, please", "order 7 pizzas please!", "ORDER 300 pizzas: please"]


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def planted() -> tuple[list[dict[str, Any]], np.ndarray]:
    """Queries and their vectors: topics around the first axes, and what was planted."""
    rng = np.random.default_rng(1)
    axes = np.eye(DIM)
    words = [
        f"way {chr(97 + n // 26)}{chr(97 + n % 26)} to say {'abcdef'[topic] * 5}"
        for topic in range(TOPICS)
        for n in range(EACH)
    ]
    vectors = [axes[n // EACH] + rng.normal(0, 0.09, DIM) for n in range(TOPICS * EACH)]
    language = ["English"] * len(words)

    def add(text: str, vector: np.ndarray, spoken: str = "English") -> None:
        words.append(text)
        vectors.append(vector)
        language.append(spoken)

    add(FAR, axes[0] + 0.9 * axes[1] + 0.1 * axes[20])
    away = -0.35 * axes[:TOPICS].sum(axis=0)
    add(LONE, away + axes[23])
    for n, text in enumerate(STRAYS):
        add(text, away + axes[10 + n] + (0.5 if n % 2 else 0.2) * axes[n])
    add(RARE, axes[1] + rng.normal(0, 0.09, DIM), "German")
    add(CYRILLIC, axes[3] + rng.normal(0, 0.09, DIM))
    same = axes[4] + rng.normal(0, 0.09, DIM)
    for text in COPIES:
        add(text, same + rng.normal(0, 0.01, DIM))
    for text in FOLDED:
        add(text, axes[5] + rng.normal(0, 0.09, DIM))
    add(FOLDED[1], vectors[-2])
    log = [
        {"id": f"c{n}", "text": text, "language": spoken}
        for n, (text, spoken) in enumerate(zip(words, language, strict=True))
    ]
    return log, unit(np.array(vectors)).astype(np.float32)


def store(folder: Path, run: str) -> Path:
    log, vectors = planted()
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in log), encoding="utf-8")
    np.save(folder / "v.npy", vectors)
    ran = run_text(
        folder / "w",
        f"data.load source={path} id=id text=text language=language\nembed.import path={folder / 'v.npy'}\n{run}\n"
        "summary.create\nhierarchy.build levels=2 width=3",
    )
    assert ran.code == 0, ran.out + ran.err
    return folder / "w"


@pytest.fixture(scope="module")
def kmeans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("outlier"), "run.kmeans k=6 seed=3")


@pytest.fixture(scope="module")
def density(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(
        tmp_path_factory.mktemp("density"), "run.hdbscan min_cluster_size=20 min_samples=5 reduce=none"
    )


def listed(folder: Path, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said(folder, f"outlier.list {words}")
    return found


def texts(folder: Path) -> dict[int, tuple[str, int, float, np.ndarray]]:
    """By text: its words, cluster, distance and stored vector, read by other means."""
    (space,) = rows(folder, "SELECT name FROM space")
    table = np.fromfile(folder / "vectors" / space[0] / "vectors.f16", dtype="<f2").reshape(-1, DIM)
    return {
        text_id: (content, cluster, distance, table[row].astype(np.float32))
        for text_id, content, cluster, distance, row in rows(
            folder,
            'SELECT t.id, t.content, a.cluster, a.distance, v."row" FROM text t JOIN query q ON q.text_id = t.id'
            " JOIN assignment a ON a.query_id = q.id JOIN vector v ON v.text_id = t.id GROUP BY t.id",
        )
    }


def test_what_lies_far_is_what_numpy_finds(kmeans: Path) -> None:
    known = texts(kmeans)
    expected = {}
    for cluster in {one[1] for one in known.values()}:
        members = {i: one[2] for i, one in known.items() if one[1] == cluster}
        middle = np.median(list(members.values()))
        spread = max(1.4826 * np.median(np.abs(np.array(list(members.values())) - middle)), 0.01)
        expected |= {i: (d - middle) / spread for i, d in members.items() if (d - middle) / spread > 3.5}
    found = listed(kmeans, "kind=far limit=100")
    assert {row["text_id"]: pytest.approx(row["score"], abs=1e-3) for row in found} == expected
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    edge = next(row for row in found if row["text"] == FAR)
    assert "spreads farther" in edge["reason"]
    other = next(row["cluster"] for row in said(kmeans, "search.queries text=bbbbb mode=text limit=1"))
    assert edge["nearest"] == other and edge["similarity"] > 0.5


def test_after_a_merge_distances_are_to_the_centroid_of_now(kmeans: Path, tmp_path: Path) -> None:
    folder = copied(kmeans, tmp_path / "w")
    one, other = (
        said(folder, f"search.queries text={word} mode=text limit=1")[0]["cluster"]
        for word in ("aaaaa", "bbbbb")
    )
    before = listed(folder, "kind=far limit=100")
    said(folder, f"cluster.merge cluster={one} into={other}")
    members = {i: known[3] for i, known in texts(folder).items() if known[1] == other}
    table = np.stack(list(members.values()))
    distances = 1 - table @ unit(table.sum(axis=0))
    middle = np.median(distances)
    scores = (distances - middle) / max(1.4826 * np.median(np.abs(distances - middle)), 0.01)
    expected = {i: score for i, score in zip(members, scores, strict=True) if score > 3.5}
    found = listed(folder, f"kind=far cluster={other} limit=100")
    assert {row["text_id"]: pytest.approx(row["score"], abs=0.02) for row in found} == expected
    for row in found:
        said_of_it = float(re.findall(r"distance ([0-9.]+)", row["reason"])[0])
        assert said_of_it == pytest.approx(1 - row["own_similarity"], abs=0.006)
    said(folder, "edit.undo")
    assert listed(folder, "kind=far limit=100") == before


def test_what_stands_alone_is_what_a_search_by_hand_finds(kmeans: Path) -> None:
    known = texts(kmeans)
    ids = sorted(known)
    table = np.stack([known[i][3] for i in ids])
    cosine = table @ table.T
    np.fill_diagonal(cosine, -1)
    found = listed(kmeans, "kind=lone limit=1000")
    assert len(found) == len(ids)
    for row in found:
        at = ids.index(row["text_id"])
        assert row["score"] == pytest.approx(1 - cosine[at].max(), abs=1e-3)
        assert cosine[at, ids.index(row["like"])] == pytest.approx(cosine[at].max(), abs=1e-3)
        assert row["like_text"] == known[row["like"]][0]
    assert {LONE, *STRAYS} == {row["text"] for row in found[:7]}


def test_near_duplicates_are_those_of_all_pairs(kmeans: Path) -> None:
    known = texts(kmeans)
    linked = {i: {i} for i in known}
    for a, b in itertools.combinations(sorted(known), 2):
        same = {known[a][0], known[b][0]} <= set(FOLDED) or known[a][3] @ known[b][3] >= 0.97
        if same and known[a][1] == known[b][1] and linked[a] is not linked[b]:
            linked[a] |= linked[b]
            for one in linked[b]:
                linked[one] = linked[a]
    expected = {frozenset(group) for group in linked.values() if len(group) > 1}
    found = listed(kmeans, "kind=duplicates limit=1000")
    assert {frozenset(row["members"]) for row in found} == expected
    assert all(
        row["group"] == min(row["members"]) and row["group_texts"] == len(row["members"]) for row in found
    )
    folded = next(row for row in found if row["text"] in FOLDED)
    assert (folded["text"], folded["group_texts"], folded["group_queries"], folded["times"]) == (
        FOLDED[1],
        3,
        4,
        2,
    )
    assert "equal but for case" in folded["reason"]
    copies = next(row for row in found if row["text"] in COPIES)
    assert {known[i][0] for i in copies["members"]} >= set(COPIES)


def test_duplicates_of_one_cluster_and_of_a_lower_similarity(kmeans: Path) -> None:
    cluster = next(row["cluster"] for row in listed(kmeans, "kind=duplicates") if row["text"] in COPIES)
    only = listed(kmeans, f"kind=duplicates cluster={cluster}")
    assert only and all(row["cluster"] == cluster for row in only)
    loose = listed(kmeans, "kind=duplicates similarity=0.8 limit=1000")
    assert sum(row["group_texts"] for row in loose) > sum(
        row["group_texts"] for row in listed(kmeans, "kind=duplicates limit=1000")
    )


def test_languages_that_do_not_belong_are_found(kmeans: Path) -> None:
    found = {row["text"]: row for row in listed(kmeans, "kind=language")}
    assert set(found) == {RARE, CYRILLIC}
    assert "German in a cluster that is" in found[RARE]["reason"]
    assert found[CYRILLIC]["score"] == 1 and "said to be English" in found[CYRILLIC]["reason"]
    assert "Cyrillic" in found[CYRILLIC]["reason"]
    cluster = found[RARE]["cluster"]
    assert [row["text"] for row in listed(kmeans, f"kind=language cluster={cluster}")] == [RARE]


def test_noise_is_ordered_by_how_far_out_it_lies(density: Path) -> None:
    known = texts(density)
    found = listed(density, "kind=noise limit=1000")
    assert {row["text_id"] for row in found} == {i for i, one in known.items() if one[1] == -1}
    assert {LONE, *STRAYS} <= {row["text"] for row in found}
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert found[0]["score"] > 0.3
    centres = {
        number: np.frombuffer(blob, "<f4")
        for number, blob in rows(density, "SELECT number, centroid FROM cluster WHERE kind = 'cluster'")
    }

    def fifth(vector: np.ndarray, others: list[np.ndarray]) -> float:
        return sorted(float(np.sqrt(max(0.0, 2 - 2 * float(vector @ other)))) for other in others)[4]

    for row in found[:20]:
        vector = known[row["text_id"]][3]
        nearest = max(centres, key=lambda number: float(vector @ centres[number]))
        members = [i for i, one in known.items() if one[1] == nearest]
        vectors = [known[i][3] for i in members]
        usual = np.median([fifth(known[i][3], [known[j][3] for j in members if j != i]) for i in members])
        assert row["nearest"] == nearest and row["own_similarity"] is None
        assert row["score"] == pytest.approx(max(0, 1 - usual / fifth(vector, vectors)), abs=2e-3)
    assert listed(density, "kind=noise cluster=0") == []


def test_a_run_without_noise_says_what_to_take_instead(kmeans: Path) -> None:
    ran = run_text(kmeans, "outlier.list kind=noise")
    row = json.loads(ran.out)
    assert (row["data"], row["total"]) == ([], 0) and "kind=far" in row["note"]


@pytest.mark.parametrize("kind", ["noise", "far", "lone", "duplicates", "language"])
def test_pages_are_one_list(density: Path, kind: str) -> None:
    everything = listed(density, f"kind={kind} limit=1000 similarity=0.9")
    paged: list[Any] = []
    after = ""
    while True:
        row = json.loads(run_text(density, f"outlier.list kind={kind} similarity=0.9 limit=7 {after}").out)
        paged += row["data"]
        assert row["total"] == len(everything)
        if not row["truncated"]:
            break
        after = f"after={row['after']}"
    assert paged == everything


@pytest.mark.parametrize(
    ("line", "code", "exit_code"),
    [
        ("outlier.list kind=far cluster=99", "unknown_cluster", 1),
        ("outlier.list kind=far limit=0", "bad_limit", 1),
        ("outlier.list kind=far after=x", "bad_cursor", 1),
        ("outlier.list kind=far after=999999", "bad_cursor", 1),
        ("outlier.list kind=far run=none", "unknown_run", 1),
        ("outlier.list kind=odd", "bad_parameter", 2),
        ("outlier.list", "missing_parameter", 2),
        ("outlier.list kind=duplicates similarity=0.2", "bad_similarity", 1),
        ("outlier.list kind=duplicates similarity=nan", "bad_similarity", 1),
        ("outlier.assign", "which_outliers", 1),
        ("outlier.assign query=1 kind=far", "which_outliers", 1),
        ("outlier.assign query=1 to=somewhere", "bad_target", 1),
        ("outlier.assign query=1 to=99", "unknown_cluster", 1),
        ("outlier.assign query=99999", "unknown_query", 1),
    ],
)
def test_what_cannot_be_done_is_said(kmeans: Path, line: str, code: str, exit_code: int) -> None:
    ran = run_text(kmeans, line)
    assert (ran.code, ran.error["code"]) == (exit_code, code), ran.out


def state(folder: Path) -> list[str]:
    session = Session(folder, clock=lambda: NOW)
    with session.workspace.connection():
        assert violations(session.workspace) == []
        dumped = list(canonical_dump(session.workspace))
    session.close()
    return dumped


def test_noise_goes_to_the_nearest_clusters_and_back(density: Path, tmp_path: Path) -> None:
    folder = copied(density, tmp_path / "w")
    before = state(folder)
    noise = listed(folder, "kind=noise limit=1000")
    done = said(folder, 'outlier.assign kind=noise to=nearest reason="they fit"')
    assert done["moved"] == sum(row["times"] for row in noise)
    now = texts(folder)
    assert all(now[row["text_id"]][1] == row["nearest"] for row in noise)
    state(folder)
    said(folder, "edit.undo")
    assert state(folder) == before


def test_only_those_above_a_score_and_only_those_that_are_elsewhere_nearer(
    kmeans: Path, tmp_path: Path
) -> None:
    folder = copied(kmeans, tmp_path / "w")
    far = listed(folder, "kind=far limit=1000")
    score = far[1]["score"] + 0.001
    done = said(folder, f"outlier.assign kind=far above={score} to=new title=Edges")
    assert done["moved"] == sum(row["times"] for row in far if row["score"] >= score) == 1
    (number,) = done["made"]
    assert said(folder, f"cluster.show cluster={number}")["title"] == "Edges"
    state(folder)
    said(folder, "edit.undo")
    stays = said(folder, "outlier.assign query=1 to=nearest")
    assert (stays["edit"], stays["moved"]) == (None, 0)
    assert "1 query stayed" in stays["notes"][0]


def test_outliers_make_a_cluster_of_their_own_or_join_one(density: Path, tmp_path: Path) -> None:
    folder = copied(density, tmp_path / "w")
    made = said(folder, "outlier.assign kind=language to=new")
    again = said(folder, "outlier.assign query=5,6 to=new")
    assert len(made["made"]) == len(again["made"]) == 1
    assert (
        said(folder, f"cluster.show cluster={made['made'][0]}")["title"]
        == "In another language than their cluster"
    )
    joined = said(folder, f"outlier.assign query=7,8 to={again['made'][0]}")
    assert joined["moved"] == 2
    assert said(folder, f"cluster.show cluster={again['made'][0]}")["size"] == 4
    third = said(folder, "outlier.assign query=9 to=new")
    assert (
        said(folder, f"cluster.show cluster={third['made'][0]}")["title"] == f"Set aside ({third['made'][0]})"
    )
    state(folder)


def test_outliers_may_be_put_to_the_noise_where_there_is_none_yet(kmeans: Path, tmp_path: Path) -> None:
    folder = copied(kmeans, tmp_path / "w")
    before = state(folder)
    assert said(folder, "outlier.assign query=5,6 to=-1")["made"] == [-1]
    assert said(folder, "cluster.show cluster=-1")["size"] == 2
    state(folder)
    said(folder, "edit.undo")
    assert state(folder) == before
    assert said(folder, "outlier.assign kind=far above=1000 to=-1")["moved"] == 0
    assert state(folder) == before


def test_a_dry_run_tells_and_changes_nothing(kmeans: Path, tmp_path: Path) -> None:
    folder = copied(kmeans, tmp_path / "w")
    before = state(folder)
    told = json.loads(
        run_text(folder, "outlier.assign kind=far to=nearest", options=Options(dry_run=True)).out
    )
    assert told["dry_run"] is True and told["data"]["moved"] >= 0
    assert state(folder) == before
    assert said(folder, "outlier.assign kind=far to=nearest") == told["data"]


def test_without_vectors_duplicates_are_still_found_by_their_words(kmeans: Path, tmp_path: Path) -> None:
    folder = copied(kmeans, tmp_path / "w")
    for file in (folder / "vectors").rglob("*.f16"):
        file.unlink()
    row = json.loads(run_text(folder, "outlier.list kind=duplicates").out)
    assert [one["group_texts"] for one in row["data"]] == [3] and "not at hand" in row["note"]
    assert listed(folder, "kind=far")[0]["nearest"] is None
    assert run_text(folder, "outlier.list kind=lone").error["code"] == "no_vectors"


def test_hostile_and_odd_texts_are_listed(tmp_path: Path) -> None:
    odd = ["[/INST] \x1b[31m", "‮gnirts", "😀" * 20, "1", "2", "3", "a" * 5000, "İ", "ß ﬁ ²", "你好"]
    path = tmp_path / "log.jsonl"
    path.write_text(
        "".join(json.dumps({"text": text, "language": "English"}) + "\n" for text in odd), encoding="utf-8"
    )
    ran = run_text(
        tmp_path / "w",
        f"data.load source={path} text=text language=language\nembed.run model=lexical\nrun.kmeans k=2\n"
        + "\n".join(
            f"outlier.list kind={kind}" for kind in ("noise", "far", "lone", "duplicates", "language")
        ),
    )
    assert ran.code == 0, ran.out + ran.err
    groups = [row for row in ran.rows if row["action"] == "outlier.list"][3]["data"]
    # Of texts that are numbers alone nothing is left to compare, so they are no copies of each other by their words.
    assert all("equal but for" not in row["reason"] for row in groups)


def test_score_and_reason_stay_in_a_narrow_table() -> None:
    rows = [
        OutlierRow(
            "lone", n, n, f"a rather long text of number {n}", 1, ("English", "German")[n % 2], "vicuna-13b-v1.3", n,
            f"The title of cluster {n}", n / 7, f"no other text is like it: number {n}", n, f"The nearest is {n}", n / 9, n / 8,
        )
        for n in range(3)
    ]  # fmt: skip
    lines = ["".join(text for text, _ in line.spans) for line in table_lines(rows, 78)]
    assert lines[0].split() == ["query", "text", "language", "cluster", "title", "score", "reason"]
    assert all(len(line) <= 78 for line in lines)
    told = " ".join(lines[5:])
    assert (
        "kind (always lone), text id, times (always 1), chat model (always vicuna-13b-v1.3), cluster," in told
    )
    wide = "".join(text for text, _ in table_lines(rows, 300)[0].spans)
    assert wide.split()[:3] == ["kind", "text", "id"]
