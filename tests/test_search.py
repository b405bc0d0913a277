"""Search: filters before the best, exact totals, pages that cover everything once, and what happens without a model."""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.embed.run import fitted_path
from core.embed.run import run as embed
from core.errors import ActionError
from core.load.run import load
from core.search.clusters import search_clusters
from core.search.queries import DEPTH, Hits, search_queries
from core.search.ranking import Ranking, fuse, page, ranked
from core.search.scope import Narrow
from core.session import Session
from core.view import newest
from db import nearest as near
from db import vectors
from db.fts import tokens
from db.nearest import build_index, nearest, rows_of_texts
from db.search import Filter
from db.workspace import Workspace

NOW = "2026-01-01T00:00:00Z"
WORDS = ["apple", "bread", "code", "dance", "engine", "forest", "guitar", "house", "island", "jungle"]
LANGUAGES = ["en", "de", "fr", None]
MODELS = ["gpt-4", "vicuna", None]
HOSTILE = [
    "[/INST] apple",
    "\x1b[31mbread\x07",
    "apple\0code",
    "日本語 apple",
    "\u202eforest",
    "AND OR NOT NEAR(",
    'say "house"',
]
RUN = "run-1"


@dataclass(frozen=True)
class Asked:
    """One query as the files hold it, with its ids in the store and its cluster in the run."""

    query: int
    text_id: int
    text: str
    dataset: str
    language: str | None
    chat_model: str | None
    cluster: int | None


@dataclass(frozen=True)
class Store:
    session: Session
    asked: list[Asked] = field(default_factory=list, repr=False)

    @property
    def workspace(self) -> Workspace:
        return self.session.workspace

    def search(self, text: str, mode: Any = "text", **options: Any) -> Hits:
        narrow = {k: options.pop(k) for k in list(options) if k in Narrow.__dataclass_fields__}
        return search_queries(self.workspace, text, Narrow(**narrow), mode=mode, **options)


def words_of(text: str) -> list[str]:
    return re.findall("[0-9a-z]+", text)


def write_log(path: Path, seed: int, rows: int) -> None:
    rng = random.Random(seed)
    lines = []
    for i in range(rows):
        text = (
            HOSTILE[i // 7 % len(HOSTILE)]
            if i % 7 == 0
            else " ".join(rng.choices(WORDS, k=rng.randint(1, 4)))
        )
        row = {
            "id": f"{path.stem}-{i}",
            "text": text,
            "language": rng.choice(LANGUAGES),
            "model": rng.choice(MODELS),
        }
        lines.append(json.dumps({k: v for k, v in row.items() if v is not None}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def add_run(workspace: Workspace, space: int) -> None:
    """A run over the dataset `one`: clusters 0 to 4 and noise, under three themes; one query was moved."""
    with workspace.transaction() as c:
        c.execute(
            "INSERT INTO run (id, name, label, description, algorithm, parameters, seed, dataset_id, space_id, filter, status,"
            " reasons, metrics, code_version, summary_set, hierarchy, created_at)"
            " VALUES (1, ?, '', '', 'kmeans', '{}', 1, 1, ?, '{}', 'done', '[]', '{}', '', 1, 1, ?)",
            (RUN, space, NOW),
        )
        c.execute(
            "INSERT INTO summary_set VALUES (1, 'names', 1, '', 'local', '', '{}', 0, 'done', ?)", (NOW,)
        )
        c.execute(
            "INSERT INTO hierarchy (id, name, run_id, summary_set_id, method, parameters, levels, created_at)"
            " VALUES (1, 'tree', 1, 1, 'local', '{}', 2, ?)",
            (NOW,),
        )
        queries = c.execute("SELECT id, text_id FROM query WHERE dataset_id = 1").fetchall()
        numbers = {q: (t * 7) % 6 - 1 for q, t in queries}
        numbers[queries[3][0]] = 4
        c.executemany(
            "INSERT INTO assignment VALUES (1, ?, ?, 0.1, NULL, ?)",
            [(q, n, n == -1) for q, n in numbers.items()],
        )
        rng = np.random.default_rng(3)
        dim = c.execute("SELECT dim FROM space WHERE id = ?", (space,)).fetchone()[0]
        nodes = [
            ("root", None, 0, 0, "root", None),
            ("left", "root", 0, 1, "theme", None),
            ("right", "root", 1, 1, "theme", None),
        ]
        for number, size in sorted(Counter(numbers.values()).items()):
            noise = number == -1
            centroid = None if noise else rng.normal(size=dim).astype("<f4").tobytes()
            c.execute(
                "INSERT INTO cluster (run_id, number, kind, size, texts, centroid, neighbours, central, boundary, outside, tags,"
                " flags, notes) VALUES (1, ?, ?, ?, ?, ?, '[]', '[]', '[]', '[]', '[]', '[]', '')",
                (number, "noise" if noise else "cluster", size, size, centroid),
            )
            if noise:
                nodes.append(("noise", "root", 2, 1, "noise", -1))
                continue
            c.execute(
                "INSERT INTO summary (summary_set_id, cluster, title, description, form, phrases, phrase_shares, cited)"
                " VALUES (1, ?, ?, ?, '', ?, '[]', '[]')",
                (
                    number,
                    f"About {WORDS[number]}",
                    f"Queries on {WORDS[number]} and more.",
                    json.dumps([WORDS[number + 5]]),
                ),
            )
            nodes.append((f"c{number}", "left" if number < 2 else "right", number, 2, "cluster", number))
        c.executemany(
            "INSERT INTO node VALUES (1, ?, ?, ?, ?, ?, ?, ?, '', NULL, 0, NULL, 0)",
            [(*n, n[0]) for n in nodes],
        )


def read_back(workspace: Workspace) -> list[Asked]:
    return [
        Asked(*row)
        for row in workspace.rows(
            "SELECT q.id, q.text_id, t.content, d.name, v.language, v.model, a.cluster FROM query q"
            " JOIN text t ON t.id = q.text_id JOIN dataset d ON d.id = q.dataset_id"
            " JOIN conversation v ON v.id = q.conversation_id LEFT JOIN assignment a ON a.query_id = q.id ORDER BY q.id"
        )
    ]


def build(folder: Path, rows: int = 700) -> Store:
    folder.mkdir(exist_ok=True)
    session = Session(folder / "workspace", clock=lambda: NOW, actor="tester")
    session.open(create=True)
    for seed, name in enumerate(["one", "two"]):
        write_log(folder / f"{name}.jsonl", seed, rows)
        load(session, str(folder / f"{name}.jsonl"), name=name, limit=None, mapping={})
    embed(session, model="lexical", dataset="one", device="auto", batch=None, download=False)
    add_run(session.workspace, 1)
    session.view = newest(session.workspace)
    return Store(session, read_back(session.workspace))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    built = build(tmp_path_factory.mktemp("search"))
    yield built
    built.session.close()


@pytest.fixture
def connected(store: Store) -> Iterator[Store]:
    with store.workspace.connection():
        yield store


def passing(store: Store, **narrow: Any) -> list[Asked]:
    """The queries that pass a filter, by plain Python."""
    under = {"root": {-1, 0, 1, 2, 3, 4}, "left": {0, 1}, "right": {2, 3, 4}, "noise": {-1}, "c3": {3}}
    dataset = narrow.get("dataset") or ("one" if narrow.get("run") else "two")
    return [
        a
        for a in store.asked
        if a.dataset == dataset
        and (narrow.get("within") is None or a.cluster in under[narrow["within"]])
        and (narrow.get("cluster") is None or a.cluster == narrow["cluster"])
        and (narrow.get("language") is None or a.language == narrow["language"])
        and (narrow.get("chat_model") is None or a.chat_model == narrow["chat_model"])
    ]


def every_page(
    store: Store, text: str, mode: str, limit: int, **narrow: Any
) -> tuple[list[Any], set[int | None]]:
    rows: list[Any] = []
    totals: set[int | None] = set()
    after = None
    while True:
        hits = store.search(text, mode, limit=limit, after=after, **narrow)
        rows += hits.rows
        totals.add(hits.total)
        after = hits.after
        if after is None:
            return rows, totals
        assert len(hits.rows) == limit


NARROWS = st.fixed_dictionaries(
    {
        "run": st.just(RUN),
        "within": st.sampled_from([None, None, "root", "left", "right", "noise", "c3"]),
        "cluster": st.sampled_from([None, None, None, -1, 0, 3, 4]),
        "language": st.sampled_from(LANGUAGES),
        "chat_model": st.sampled_from(MODELS),
    }
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True),
    excluded=st.sampled_from([None, None, *WORDS]),
    narrow=NARROWS,
    few=st.booleans(),
    ranked=st.sampled_from([10_000, 3, 1]),
    limit=st.sampled_from([1, 7, 1000]),
)
def test_text_search_finds_what_plain_python_finds(
    connected: Store,
    words: list[str],
    excluded: str | None,
    narrow: dict[str, Any],
    few: bool,
    ranked: int,
    limit: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.search._FEW", 50_000 if few else 0)
        patch.setattr("db.matching.RANKED", ranked)
        query = " ".join(words) + (f" -{excluded}" if excluded else "") + " "
        rows, totals = every_page(connected, query, "text", limit, **narrow)
    expected: dict[int, list[Asked]] = defaultdict(list)
    for asked in passing(connected, **narrow):
        held = words_of(asked.text)
        if all(word in held for word in words) and excluded not in held:
            expected[asked.text_id].append(asked)
    assert [row.text_id for row in rows] == list(dict.fromkeys(row.text_id for row in rows))
    assert {row.text_id for row in rows} == set(expected)
    assert totals == {len(expected)}
    assert [-row.score for row in rows] == sorted(-row.score for row in rows)
    for row in rows:
        group = expected[row.text_id]
        assert row.times == len(group)
        assert row.query == min(a.query for a in group)
        assert row.text == group[0].text
        for shown, name in (
            (row.language, "language"),
            (row.chat_model, "chat_model"),
            (row.cluster, "cluster"),
        ):
            counts = Counter(v for a in group if (v := getattr(a, name)) is not None)
            assert shown == min(counts, key=lambda v: (-counts[v], v), default=None)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(narrow=NARROWS, count=st.sampled_from([1, 5, 50, 2000]), seed=st.integers(0, 99))
def test_the_nearest_under_a_filter_are_the_nearest_of_those_that_pass(
    connected: Store, narrow: dict[str, Any], count: int, seed: int
) -> None:
    workspace = connected.workspace
    space = vectors.spaces(workspace)[0]
    under = {"root": (-1, 0, 1, 2, 3, 4), "left": (0, 1), "right": (2, 3, 4), "noise": (-1,), "c3": (3,)}
    clusters = under.get(narrow["within"]) if narrow["within"] else None
    if narrow["cluster"] is not None:
        clusters = tuple(n for n in clusters or range(-1, 5) if n == narrow["cluster"])
    chosen = Filter(1, 1, clusters, narrow["language"], narrow["chat_model"])
    query = np.random.default_rng(seed).normal(size=space.dim).astype(np.float32)
    query /= np.linalg.norm(query)
    found = nearest(workspace, space, query, count, rows_of_texts(workspace, space.id, chosen))
    rows = dict(workspace.rows('SELECT text_id, "row" FROM vector'))
    texts = sorted({a.text_id for a in passing(connected, **narrow)})
    table = vectors.mapped(workspace, space)[[rows[t] for t in texts]].astype(np.float64)
    exact = sorted(zip((-table @ query.astype(np.float64)).tolist(), texts, strict=True))[:count]
    assert len(found.texts) == len(exact)
    np.testing.assert_allclose(found.similarities, [-s for s, _ in exact], atol=2e-6)
    assert set(found.texts.tolist()) <= set(texts)


@pytest.mark.parametrize(
    "narrow", [{}, {"language": "de"}, {"within": "right"}, {"cluster": -1}, {"cluster": 3}]
)
@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_pages_cover_every_hit_once(connected: Store, mode: str, narrow: dict[str, Any]) -> None:
    whole = connected.search("apple bread", mode, limit=1000, run=RUN, **narrow)
    rows, totals = every_page(connected, "apple bread", mode, 9, run=RUN, **narrow)
    assert [row.text_id for row in rows] == [row.text_id for row in whole.rows]
    assert len({row.text_id for row in rows}) == len(rows)
    texts = {a.text_id for a in passing(connected, run=RUN, **narrow)}
    assert {row.text_id for row in rows} == texts
    assert len(texts) < DEPTH
    assert totals == {None if mode == "vector" else connected.search("apple bread", run=RUN, **narrow).total}


def test_hybrid_is_the_fusion_of_both_halves_and_always_the_same(connected: Store) -> None:
    text = connected.search("guitar", "text", limit=1000, run=RUN).rows
    vector = connected.search("guitar", "vector", limit=1000, run=RUN).rows
    hybrid = connected.search("guitar", "hybrid", limit=1000, run=RUN).rows
    assert hybrid == connected.search("guitar", "hybrid", limit=1000, run=RUN).rows
    scores: dict[int, float] = defaultdict(float)
    for half in (text, vector):
        for rank, row in enumerate(half, start=1):
            scores[row.text_id] += 1 / (60 + rank)
    assert {row.text_id: row.score for row in hybrid} == pytest.approx(scores, abs=1e-6)
    assert {row.text_id for row in hybrid[:5]} & {row.text_id for row in text}


def test_the_default_is_hybrid_where_the_model_is_there(connected: Store) -> None:
    hits = connected.search("guitar", None, run=RUN)
    assert (hits.mode, hits.note) == ("hybrid", None)
    assert hits.total == connected.search("guitar", "text", run=RUN).total


def test_excluded_words_stay_out_of_both_halves(connected: Store) -> None:
    for mode in ("text", "vector", "hybrid"):
        rows = connected.search("apple -bread", mode, limit=1000, run=RUN).rows
        assert rows
        assert not [row.text for row in rows if "bread" in words_of(row.text)]


def test_what_is_left_out_alone_leaves_the_others(connected: Store) -> None:
    left = [asked for asked in passing(connected, run=RUN) if "apple" not in words_of(asked.text)]
    without = {asked.text_id for asked in left}
    for mode in ("text", "hybrid", None):
        hits = connected.search("-apple", mode, limit=1000, run=RUN)
        assert ({row.text_id for row in hits.rows}, hits.total) == (without, len(without))
    german = connected.search("-apple", "text", limit=1000, run=RUN, language="de")
    assert {row.text_id for row in german.rows} == {asked.text_id for asked in left if asked.language == "de"}


def test_only_what_is_wanted_is_still_being_typed(connected: Store) -> None:
    whole, begun = (connected.search(text, "text", limit=1000, run=RUN) for text in ("-app ", "-app"))
    assert whole.total == begun.total
    assert {row.text_id for row in whole.rows} == {row.text_id for row in begun.rows}


@pytest.mark.parametrize("text", ["?!", "", "[]", "-[]", "\0", '"'])
def test_without_a_word_to_look_for_there_are_no_hits(connected: Store, text: str) -> None:
    for mode in ("text", "hybrid", None):
        hits = connected.search(text, mode, run=RUN)
        assert (hits.rows, hits.total, hits.after) == ((), 0, None)
    assert connected.search(text, "vector", run=RUN).rows


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_found_as_they_were_loaded(connected: Store, text: str) -> None:
    hits = connected.search(text, "text", limit=1000, run=RUN)
    stored = {a.text for a in connected.asked if a.text_id in {row.text_id for row in hits.rows}}
    assert {row.text for row in hits.rows} == stored
    words = {token for part in text.split() for token in tokens(part) if part != "OR"}
    assert any(words <= set(tokens(row.text)) for row in hits.rows)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.one_of(st.text(max_size=40), st.sampled_from(["\ud800", "a\udfff -\ud800b", "x" * 30_000, "\0 a"])))
def test_no_text_is_an_error(connected: Store, text: str) -> None:
    for mode in ("text", "vector", "hybrid"):
        connected.search(text, mode, run=RUN)
        search_clusters(connected.workspace, text, Narrow(run=RUN), mode=mode)


@pytest.mark.parametrize(
    ("text", "read"),
    [("x" * 2_001, "2,000 characters"), ("a* " * 401, "400 words"), ("x" * 2_000, ""), ("a* " * 400, "")],
)
def test_what_of_a_search_is_not_read_is_told(connected: Store, text: str, read: str) -> None:
    note = connected.search(text, "text", run=RUN).note or ""
    assert (f"Only the first {read}" in note) == bool(read)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("book -(flight OR hotel)", True),
        ("(rent car) OR (book flight)", True),
        ("-(book rent)", True),
        ("print(x) OR (y)", False),
        ("f(x) -(y)", False),
        ("what is (a + b) squared", False),
    ],
)
def test_brackets_that_would_group_are_told(connected: Store, text: str, told: bool) -> None:
    note = connected.search(text, "text", run=RUN).note or ""
    assert ("Brackets group nothing" in note) == told


def test_the_actions_search_where_the_user_is(store: Store) -> None:
    session = store.session
    found = session.dispatch(
        "search.queries", {"text": "apple ", "mode": "text", "limit": "3", "within": "left"}
    )
    with session.workspace.connection():
        hits = store.search("apple ", "text", limit=3, within="left", run=RUN)
    assert (found.data, found.total, found.after) == (hits.rows, hits.total, hits.after)
    assert {row.cluster for row in found.data} <= {0, 1}
    rest = session.dispatch(
        "search.queries",
        {"text": "apple ", "mode": "text", "limit": 1000, "within": "left", "after": found.after},
    )
    assert len(found.data) + len(rest.data) == found.total
    assert (rest.after, rest.truncated, found.truncated) == (None, False, True)
    other = session.dispatch("search.queries", {"text": "apple ", "mode": "text", "dataset": "two"})
    with session.workspace.connection():
        assert other.total == store.search("apple ", "text", dataset="two").total
    clusters = session.dispatch("search.clusters", {"text": "bread"})
    assert clusters.data[0].cluster == 1
    with pytest.raises(ActionError) as raised:
        session.dispatch("search.queries", {"text": "apple", "mode": "hybird"})
    assert raised.value.did_you_mean == ("hybrid",)


def test_datasets_are_kept_apart(connected: Store) -> None:
    for name in ("one", "two"):
        hits = connected.search("apple ", "text", dataset=name, limit=1000)
        held = [a for a in connected.asked if a.dataset == name and "apple" in words_of(a.text)]
        assert {row.text_id: row.times for row in hits.rows} == Counter(a.text_id for a in held)
        assert hits.total == len({a.text_id for a in held})


@pytest.mark.parametrize(
    ("options", "code", "meant"),
    [
        ({"run": "run-2"}, "unknown_run", RUN),
        ({"run": RUN, "within": "lefft"}, "unknown_node", "left"),
        ({"run": RUN, "cluster": 99}, "unknown_cluster", None),
        ({"dataset": "ona"}, "unknown_dataset", "one"),
        ({"space": "lexicl-one"}, "unknown_space", "lexical-one"),
        ({"run": RUN, "language": "den"}, "unknown_language", "de"),
        ({"run": RUN, "chat_model": "gpt4"}, "unknown_chat_model", "gpt-4"),
        ({"within": "left"}, "no_run", None),
        ({"run": RUN, "limit": 0}, "bad_limit", None),
        ({"run": RUN, "limit": 1001}, "bad_limit", None),
        ({"run": RUN, "after": "nan:1"}, "bad_cursor", None),
        ({"run": RUN, "after": "x" * 500}, "bad_cursor", None),
    ],
)
def test_what_is_not_there_is_named(
    connected: Store, options: dict[str, Any], code: str, meant: str | None
) -> None:
    with pytest.raises(ActionError) as raised:
        connected.search("apple", "text", **options)
    assert raised.value.code == code
    assert meant is None or meant in raised.value.did_you_mean


def test_without_the_model_hybrid_becomes_text_and_vector_an_error(tmp_path: Path) -> None:
    built = build(tmp_path, rows=60)
    fitted_path(built.workspace, "lexical-one").unlink()
    text = built.search("apple", "text", run=RUN)
    for mode in ("hybrid", None):
        hits = built.search("apple", mode, run=RUN)
        assert (hits.rows, hits.mode) == (text.rows, "text")
        assert hits.note
        clusters = search_clusters(built.workspace, "apple", Narrow(run=RUN), mode=mode)
        assert clusters.mode == "text"
        assert clusters.note
    for search in (search_queries, search_clusters):
        with pytest.raises(ActionError):
            search(built.workspace, "apple", Narrow(run=RUN), mode="vector")


def test_without_vectors_text_is_found_and_vector_says_what_to_do(tmp_path: Path) -> None:
    session = Session(tmp_path / "w", clock=lambda: NOW, actor="tester")
    session.open(create=True)
    write_log(tmp_path / "one.jsonl", 0, 50)
    load(session, str(tmp_path / "one.jsonl"), name=None, limit=None, mapping={})
    store = Store(session)
    assert store.search("apple", None).mode == "text"
    assert store.search("apple", None).total
    assert store.search("apple", "hybrid").mode == "text"
    with pytest.raises(ActionError) as raised:
        store.search("apple", "vector")
    assert raised.value.code == "no_embeddings"
    with pytest.raises(ActionError) as raised:
        search_clusters(session.workspace, "apple", Narrow())
    assert raised.value.code == "no_run"


def test_clusters_are_found_by_title_phrases_and_description(connected: Store) -> None:
    workspace = connected.workspace
    title = search_clusters(workspace, "bread", Narrow(run=RUN), mode="text")
    assert [(hit.cluster, hit.title, hit.node) for hit in title.rows] == [(1, "About bread", "c1")]
    assert [
        hit.cluster for hit in search_clusters(workspace, "guitar", Narrow(run=RUN), mode="text").rows
    ] == [1]
    both = search_clusters(workspace, "guitar house", Narrow(run=RUN), mode="text")
    assert ({hit.cluster for hit in both.rows}, both.total) == ({1, 2}, 2)
    assert [
        hit.cluster for hit in search_clusters(workspace, "noise", Narrow(run=RUN), mode="text").rows
    ] == [-1]
    sizes = Counter(a.cluster for a in connected.asked)
    assert {hit.cluster: hit.size for hit in both.rows} == {1: sizes[1], 2: sizes[2]}


def test_a_title_given_by_hand_is_what_is_found(tmp_path: Path) -> None:
    built = build(tmp_path, rows=60)
    with built.workspace.transaction() as connection:
        connection.execute("UPDATE cluster SET title = 'Baking at home' WHERE number = 1")
    assert [
        h.title for h in search_clusters(built.workspace, "baking", Narrow(run=RUN), mode="text").rows
    ] == ["Baking at home"]
    row = built.search("apple", "text", run=RUN, cluster=1, limit=1).rows[0]
    assert row.cluster_title == "Baking at home"


def test_cluster_hits_page_and_filter(connected: Store) -> None:
    workspace = connected.workspace
    for mode in ("vector", "hybrid"):
        whole = search_clusters(workspace, "bread", Narrow(run=RUN), mode=mode)
        assert {hit.cluster for hit in whole.rows} == {0, 1, 2, 3, 4}
        first = search_clusters(workspace, "bread", Narrow(run=RUN), mode=mode, limit=2)
        rest = search_clusters(workspace, "bread", Narrow(run=RUN), mode=mode, after=first.after)
        assert first.rows + rest.rows == whole.rows
        left = search_clusters(workspace, "bread", Narrow(run=RUN, within="left"), mode=mode)
        assert {hit.cluster for hit in left.rows} == {0, 1}
    spoken = search_clusters(workspace, "bread", Narrow(run=RUN, within="c3", language="de"), mode="vector")
    assert {hit.cluster for hit in spoken.rows} == (
        {3} if passing(connected, run=RUN, within="c3", language="de") else set()
    )


def test_clusters_near_in_meaning_come_first(tmp_path: Path) -> None:
    built = build(tmp_path, rows=60)
    space = vectors.spaces(built.workspace)[0]
    query = np.zeros(space.dim, "<f4")
    from core.search.embedder import embedders

    query[:] = embedders(built.workspace).vector(built.workspace, space, "forest")
    with built.workspace.transaction() as connection:
        connection.execute("UPDATE cluster SET centroid = ? WHERE number = 3", ((query * 7).tobytes(),))
    hit = search_clusters(built.workspace, "forest", Narrow(run=RUN), mode="vector").rows[0]
    assert (hit.cluster, hit.score) == (3, pytest.approx(1.0, abs=1e-5))
    with built.workspace.transaction() as connection:
        for number in range(5):
            vector = query if number == 4 else -query
            connection.execute("UPDATE summary SET vector = ? WHERE cluster = ?", (vector.tobytes(), number))
    assert search_clusters(built.workspace, "forest", Narrow(run=RUN), mode="vector").rows[0].cluster == 4


def unit_rows(count: int, dim: int) -> np.ndarray:
    rows = np.random.default_rng(1).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def space(tmp_path: Path) -> tuple[Workspace, vectors.SpaceInfo]:
    workspace = Workspace.open(tmp_path / "w", create=True, read_only=False, clock=lambda: NOW)
    with workspace.transaction() as connection:
        rows = [(i, f"{i:032x}", f"text {i}") for i in range(1, 3001)]
        connection.executemany("INSERT INTO text VALUES (?, ?, ?)", rows)
    made = vectors.make_space(workspace, "s", "m", "r", 16)
    with vectors.writing(workspace, "s"):
        made = vectors.append(workspace, made, list(range(3000, 1000, -1)), unit_rows(2000, 16))
    return workspace, made


def test_an_index_finds_what_exact_search_finds(
    space: tuple[Workspace, vectors.SpaceInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, made = space
    queries = unit_rows(20, 16)[::-1]
    exact = [nearest(workspace, made, query, 10) for query in queries]
    assert not build_index(workspace, made)
    monkeypatch.setattr(near, "INDEX_FROM", 1000)
    steps: list[tuple[int, int]] = []
    assert build_index(workspace, made, lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2000)]
    assert not build_index(workspace, made)
    found = [nearest(workspace, made, query, 10) for query in queries]
    recall = np.mean(
        [len(set(a.texts.tolist()) & set(b.texts.tolist())) / 10 for a, b in zip(exact, found, strict=True)]
    )
    assert recall >= 0.98


@pytest.mark.parametrize("share", [2, 7, 400])
def test_an_index_finds_what_exact_search_finds_under_a_filter(
    space: tuple[Workspace, vectors.SpaceInfo], monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    workspace, made = space
    rows = np.arange(0, 2000, share)
    among = (3000 - rows, rows)
    queries = unit_rows(20, 16)[::-1]
    exact = [nearest(workspace, made, query, 10, among).texts.tolist() for query in queries]
    monkeypatch.setattr(near, "INDEX_FROM", 1000)
    monkeypatch.setattr(near, "EXACT_ROWS", 1)
    assert build_index(workspace, made)
    found = [nearest(workspace, made, query, 10, among).texts.tolist() for query in queries]
    assert all(set(texts) <= set(among[0].tolist()) for texts in found)
    assert [len(texts) for texts in found] == [min(10, len(rows))] * 20
    recall = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(exact, found, strict=True)])
    assert recall >= 0.98


def test_an_index_that_is_stale_or_broken_is_not_used(
    space: tuple[Workspace, vectors.SpaceInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, made = space
    monkeypatch.setattr(near, "INDEX_FROM", 1000)
    assert build_index(workspace, made)
    new = unit_rows(1, 16)[:, ::-1]
    with vectors.writing(workspace, "s"):
        made = vectors.append(workspace, made, [1], new)
    assert nearest(workspace, made, new[0], 1).texts.tolist() == [1]
    assert build_index(workspace, made)
    path = vectors.space_folder(workspace, "s") / near.INDEX_FILE
    whole = path.read_bytes()
    for broken in (b"", b"junk" * 100, whole[: len(whole) // 2]):
        path.write_bytes(broken)
        assert nearest(workspace, made, new[0], 1).texts.tolist() == [1]
        assert build_index(workspace, made)
        assert path.read_bytes() == whole


def test_rows_of_deleted_texts_take_no_place(space: tuple[Workspace, vectors.SpaceInfo]) -> None:
    workspace, made = space
    query = unit_rows(1, 16)[0]
    before = nearest(workspace, made, query, 50).texts.tolist()
    with workspace.transaction() as connection:
        connection.execute(f"DELETE FROM vector WHERE text_id IN ({','.join(map(str, before[:40]))})")
    after = nearest(workspace, made, query, 50).texts.tolist()
    assert len(after) == 50
    assert after[:10] == before[40:]


def test_exact_search_goes_through_the_rows_in_blocks(
    space: tuple[Workspace, vectors.SpaceInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, made = space
    table = np.array(workspace.rows('SELECT text_id, "row" FROM vector WHERE text_id > 1500'), dtype=np.int64)
    among = (table[:, 0], table[:, 1])
    query = unit_rows(3, 16)[2]
    whole = nearest(workspace, made, query, 30, among)
    monkeypatch.setattr(near, "_GATHER_ROWS", 64)
    blocks = nearest(workspace, made, query, 30, among)
    assert blocks.texts.tolist() == whole.texts.tolist()
    assert blocks.similarities.tolist() == whole.similarities.tolist()
    empty = np.empty(0, np.int64)
    assert nearest(workspace, made, query, 30, (empty, empty)).texts.tolist() == []


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([0.0, 0.5, 1e-9, -2.25, 3.1])), unique_by=lambda x: x[0]
    ),
    st.integers(1, 9),
)
def test_keyset_pages_of_any_ranking(pairs: list[tuple[int, float]], limit: int) -> None:
    whole = ranked(np.array([i for i, _ in pairs], np.int64), np.array([s for _, s in pairs], np.float64))
    seen: list[int] = []
    after = None
    for _ in range(len(pairs) + 1):
        shown, after = page(whole, limit, after)
        seen += shown.ids.tolist()
        if after is None:
            break
    assert seen == whole.ids.tolist()
    assert seen == [i for i, _ in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))]


def test_fusion_prefers_what_both_rankings_hold() -> None:
    one = Ranking(np.array([5, 9, 7]), np.array([3.0, 2.0, 1.0]))
    two = Ranking(np.array([7, 8]), np.array([0.9, 0.8]))
    fused = fuse([one, two])
    assert fused.ids.tolist() == [7, 5, 8, 9]
    assert fused.scores[0] == pytest.approx(1 / 63 + 1 / 61)
