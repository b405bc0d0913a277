"""Facets in use: counts and tables that equal plain counting, filters before the best, vectors and files of facets."""

from __future__ import annotations

import csv
import json
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.session import Session
from db import migrations
from db.workspace import FILE_NAME, Workspace
from tests.doors import NOW, Ran, copied, run_text
from tests.naming import opened, rows, said

HOSTILE = [
    "[/INST] a, b",
    'say "x" | y',
    "\x1b[31mred\x07",
    "\u202eevil",
    "日本語",
    "=1+1",
    "null",
    "  two  spaces ",
]
TASKS = ["coding", "writing", "data, analysis", "other"]
TRAITS = ["user_conversations", "answer_chars", "answer_length", "flagged", "toxic", "redacted"]
USERS = [(20, "20+"), (5, "5-19"), (2, "2-4"), (1, "1")]
ANSWERS = [
    (4000, "4000+"),
    (2000, "2000-3999"),
    (1000, "1000-1999"),
    (500, "500-999"),
    (100, "100-499"),
    (0, "0-99"),
]
WORDS = ["apple", "bread", "code", "dance", "engine", "forest"]
COUNT = 400


@dataclass(frozen=True)
class Asked:
    """One query as plain SQL gives it, with the values that were put into the files."""

    query: int
    text: str
    language: str | None
    chat_model: str | None
    user: str | None
    turns: int
    timestamp: str | None
    cluster: int
    task: str | None
    concern: int | None
    topic: str | None
    row: dict[str, Any]
    of_user: int

    def value(self, name: str) -> Any:
        """What a facet says of it."""
        day = date.fromisoformat(self.timestamp[:10]) if self.timestamp else None
        dates = {
            "day": day and day.isoformat(),
            "week": day and (day - timedelta(days=day.weekday())).isoformat(),
            "month": day and day.isoformat()[:7],
        }
        if name in dates:
            return dates[name]
        return self.trait(name) if name in TRAITS else getattr(self, name)

    def trait(self, name: str) -> Any:
        """The same from the log's row."""
        answers = [turn["content"] for turn in self.row["messages"] if turn["role"] == "assistant"]
        if name == "answer_chars":
            return len(answers[0]) if answers else None
        if name == "answer_length":
            return next(b for low, b in ANSWERS if len(answers[0]) >= low) if answers else None
        if name == "user_conversations":
            return next(b for low, b in USERS if self.of_user >= low) if self.user else None
        said = self.row.get(name)
        if name == "flagged" and (results := self.row.get("openai_moderation")) is not None:
            results = results if isinstance(results, list) else [results]
            said = any(result["flagged"] for result in results) if results else None
        elif name == "toxic" and said is None and (tags := self.row.get("toxic_chat_tag")):
            said = any(tag["flagged"] for tag in tags.values())
        return None if said is None else "yes" if said else "no"


@dataclass(frozen=True)
class Store:
    session: Session
    asked: list[Asked]

    def do(self, action: str, **params: Any) -> Any:
        return self.session.dispatch(action, params)


def build(folder: Path) -> Path:
    """A workspace with 400 conversations, six clusters, a tree and three facets from files; some values are missing."""
    rng = random.Random(7)
    log, labels = [], []
    for n in range(COUNT):
        turns = [{"role": "user", "content": " ".join(rng.choices(WORDS, k=rng.randint(1, 3)))}]
        for chars in rng.choice([[], [4], [5000, 3], [rng.randint(1, 5000)]]):
            turns += [{"role": "assistant", "content": "é" * chars}]
        day = date(2024, 1, 1) + timedelta(days=rng.randint(0, 60))
        row = {
            "id": f"c{n}", "messages": turns, "language": rng.choice(["en", "de", None]),
            "model": rng.choice(["gpt-4", "vicuna"]), "user": rng.choice([f"u{rng.randint(0, 9)}", f"v{rng.randint(0, 60)}", f"once {n}", None]),
            "timestamp": rng.choice([f"{day}T0{rng.randint(0, 9)}:00:00Z", None]),
            "openai_moderation": rng.choice([
                None, [], {"flagged": True}, [{"flagged": False}] * 3, [{"flagged": False}, {"flagged": True}],
            ]),
            "toxic": rng.choice([True, False, None]), "redacted": rng.choice([True, False, None]),
            "toxic_chat_tag": rng.choice([None, {"a": {"flagged": True}, "b": {"flagged": False}}]),
        }  # fmt: skip
        log.append({key: value for key, value in row.items() if value is not None})
        labels.append({
            "task": rng.choice([*TASKS, None]), "concern": rng.choice([1, 2, 3, 4, 5, None]),
            "topic": rng.choice([*HOSTILE, None]),
        })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log), encoding="utf-8")
    for name in labels[0]:
        values = [
            {"id": f"c{n}", "value": row[name]} for n, row in enumerate(labels) if row[name] is not None
        ]
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in values), encoding="utf-8")
    listed = ",".join(f'"{task}"' for task in TASKS)
    script = f"""
data.load source={folder / "log.jsonl"} name=log
embed.run model=lexical
run.kmeans k=5 seed=3
summary.create
hierarchy.build levels=2 width=2
facet.import path={folder / "task.jsonl"} name=task values='{listed}'
facet.import path={folder / "concern.jsonl"} name=concern values=1-5
facet.import path={folder / "topic.jsonl"} name=topic
"""
    ran = run_text(folder / "w", script)
    assert ran.code == 0, ran.err
    return folder / "w"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("facets"))


@pytest.fixture(scope="module")
def store(built: Path) -> Iterator[Store]:
    session = opened(built)
    sql = (
        "SELECT q.id, t.content, v.language, v.model, v.user, v.turns, v.timestamp, a.cluster, v.external_id FROM query q"
        " JOIN text t ON t.id = q.text_id JOIN conversation v ON v.id = q.conversation_id"
        " JOIN assignment a ON a.query_id = q.id ORDER BY q.id"
    )
    given_ = {
        name: {
            row["id"]: row["value"]
            for row in map(json.loads, (built.parent / f"{name}.jsonl").read_text().splitlines())
        }
        for name in ("task", "concern", "topic")
    }
    lines = (built.parent / "log.jsonl").read_text(encoding="utf-8").splitlines()
    log = {row["id"]: row for row in map(json.loads, lines)}
    of_user = Counter(row.get("user") for row in log.values())
    with session.workspace.connection():
        asked = []
        for *fields, external in session.workspace.rows(sql):
            topic = given_["topic"].get(external)
            # As it is kept: white space folded, as in a query.
            topic = topic and re.sub(r"\s+", " ", topic).strip()
            row, made = log[external], (given_["task"].get(external), given_["concern"].get(external))
            asked.append(Asked(*fields, *made, topic, row, of_user[row.get("user")]))
        yield Store(session, asked)
    session.close()


FIELDS = [
    "task", "concern", "topic", "language", "chat_model", "user", "turns", "day", "week", "month", *TRAITS
]  # fmt: skip


def quoted(value: Any) -> str:
    return '"' + str(value).replace('"', '""') + '"'


@st.composite
def wheres(draw: st.DrawFn) -> tuple[str, Callable[[Asked], bool]]:
    """A condition as it is written, and as Python says it."""
    name = draw(st.sampled_from(["task", "concern", "topic", "language", "turns", *TRAITS]))
    known = {
        "task": TASKS, "concern": [1, 2, 3, 4, 5], "topic": [re.sub(r"\s+", " ", t).strip() for t in HOSTILE],
        "language": ["en", "de"], "turns": [1, 2], "answer_chars": [4, 5000], "user_conversations": [b for _, b in USERS],
        "answer_length": [b for _, b in ANSWERS], "flagged": ["yes", "no"],
        "toxic": ["yes", "no"], "redacted": ["yes", "no"],
    }[name]  # fmt: skip
    compare = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}
    numeric = name in ("concern", "turns", "answer_chars")
    operator = draw(st.sampled_from(["=", "!=", *(compare if numeric else ())]))
    if operator in compare:
        bound = draw(st.integers(0, 6) if name != "answer_chars" else st.integers(0, 5001))
        test = compare[operator]
        return (
            f"{name}{operator}{bound}",
            lambda a: a.value(name) is not None and bool(test(a.value(name), bound)),
        )
    chosen = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
    written = f"{name} {operator} {' | '.join(map(quoted, chosen))}"
    inside: Callable[[Asked], bool] = (
        (lambda a: a.value(name) in chosen) if chosen else (lambda a: a.value(name) is None)
    )
    return written, inside if operator == "=" else lambda a: not inside(a)


NARROW = st.fixed_dictionaries({
    "where": st.lists(wheres(), max_size=3), "language": st.sampled_from([None, None, "en", "de"]),
    "cluster": st.sampled_from([None, None, 0, 3]), "text": st.sampled_from([None, None, "apple", "bread -code"]),
})  # fmt: skip


def passing(store: Store, narrow: dict[str, Any]) -> tuple[dict[str, Any], list[Asked]]:
    """The parameters of a filter, and the queries that pass it by plain Python."""
    params = {key: value for key, value in narrow.items() if value is not None and key != "where"}
    if narrow["where"]:
        params["where"] = ",".join(written for written, _ in narrow["where"])
    words = (narrow["text"] or "").split()
    return params, [
        a
        for a in store.asked
        if all(test(a) for _, test in narrow["where"])
        and narrow["language"] in (None, a.language)
        and narrow["cluster"] in (None, a.cluster)
        and all(
            (word[1:] not in a.text.split()) if word[0] == "-" else word in a.text.split() for word in words
        )
    ]


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(narrow=NARROW, by=st.sampled_from([*FIELDS, "cluster"]), sort=st.sampled_from(["count", "value"]))
def test_counts_equal_plain_counting_on_every_page(
    store: Store, narrow: dict[str, Any], by: str, sort: str
) -> None:
    params, left = passing(store, narrow)
    expected = Counter(a.value(by) for a in left)
    whole = Counter(a.value(by) for a in store.asked)
    found: list[Any] = []
    after = None
    while True:
        page = store.do("facet.count", by=by, sort=sort, limit=3, after=after, **params)
        found += page.data
        assert page.total == len(expected)
        after = page.after
        if after is None:
            break
        assert len(page.data) == 3
    assert {row.value: row.count for row in found} == {
        None if v is None else str(v): n for v, n in expected.items()
    }
    assert len(found) == len(expected)
    values = [row.value for row in found]
    if sort == "count":
        assert [row.count for row in found] == sorted(expected.values(), reverse=True)
    else:
        bands = {b: at for at, (_, b) in enumerate([*reversed(USERS), *reversed(ANSWERS)])} | {
            "yes": -2,
            "no": -1,
        }
        real = sorted((v for v in expected if v is not None), key=lambda v: bands.get(v, v))
        assert values == [str(v) for v in real] + [None] * (None in expected)
    for row in found:
        key = next(v for v in expected if (None if v is None else str(v)) == row.value)
        assert row.share == pytest.approx(row.count / len(left))
        assert row.lift == pytest.approx((row.count / len(left)) / (whole[key] / COUNT))


def test_values_too_long_for_one_text_of_sqlite_are_counted_as_well(built: Path) -> None:
    for text in (None, "apple", "apple language:en"):
        counts = []
        for limit in (1_000_000_000, 2_500):
            session = opened(built)
            with session.workspace.connection() as connection:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
                counts.append(session.dispatch("facet.count", {"by": "topic", "text": text}).data)
            session.close()
        assert counts[0] == counts[1]
        assert counts[0]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    narrow=NARROW, fields=st.lists(st.sampled_from([*FIELDS, "cluster"]), min_size=2, max_size=2, unique=True)
)
def test_tables_equal_plain_counting(store: Store, narrow: dict[str, Any], fields: list[str]) -> None:
    params, left = passing(store, narrow)
    first, second = fields
    pairs = [(str(a.value(first)), str(a.value(second))) for a in left
             if a.value(first) is not None and a.value(second) is not None]  # fmt: skip
    expected = Counter(pairs)
    in_row, in_column = Counter(r for r, _ in pairs), Counter(c for _, c in pairs)
    cells: list[Any] = []
    after = None
    while True:
        page = store.do("facet.cross", rows=first, cols=second, limit=900, after=after, **params)
        cells += page.data
        after = page.after
        if after is None:
            break
    assert len(cells) == page.total == len(in_row) * len(in_column)
    assert {(c.row, c.column): c.count for c in cells if c.count} == expected
    assert [c.q for c in cells] == sorted(c.q for c in cells)
    for c in cells:
        assert (c.row_total, c.column_total) == (in_row[c.row], in_column[c.column])
        assert c.share == pytest.approx(c.count / c.row_total)
        assert c.lift == pytest.approx(c.count * len(pairs) / (c.row_total * c.column_total))
        assert 0 <= c.p <= c.q <= 1


def test_the_test_of_a_cell_is_fishers_and_finds_what_was_planted_alone(tmp_path: Path) -> None:
    from scipy.stats import fisher_exact

    rng = random.Random(5)
    people = [(rng.choice("abcdef"), rng.choice("uvwxyz")) for _ in range(1500)] + [("a", "u")] * 40
    log = "".join(
        json.dumps({"id": str(n), "text": f"q {n}", "language": x, "model": y}) + "\n"
        for n, (x, y) in enumerate(people)
    )
    (tmp_path / "log.jsonl").write_text(log)
    assert run_text(tmp_path / "w", f"data.load source={tmp_path / 'log.jsonl'}").code == 0
    cells = said(tmp_path / "w", "facet.cross rows=language cols=chat_model limit=100")
    assert [(c["row"], c["column"]) for c in cells if c["q"] < 0.01] == [("a", "u")]
    for c in cells[:5]:
        n, r, k = c["count"], c["row_total"], c["column_total"]
        table = [[n, r - n], [k - n, len(people) - r - k + n]]
        tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
        assert c["p"] == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6)
    p = [c["p"] for c in sorted(cells, key=lambda c: c["p"])]
    corrected = [min(1.0, min(p[j] * len(p) / (j + 1) for j in range(i, len(p)))) for i in range(len(p))]
    assert [c["q"] for c in sorted(cells, key=lambda c: c["p"])] == pytest.approx(corrected)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(narrow=NARROW, mode=st.sampled_from(["text", "vector", "hybrid"]))
def test_a_search_finds_the_best_of_what_the_filter_leaves(
    store: Store, narrow: dict[str, Any], mode: str
) -> None:
    params, left = passing(store, narrow | {"text": "apple"})
    hits = store.do("search.queries", **params, mode=mode, limit=1000)
    matches = {a.text for a in left}
    if mode == "text":
        assert {row.text for row in hits.data} == matches
        assert hits.total == len(matches)
    else:
        _, all_left = passing(store, narrow | {"text": None})
        assert {row.text for row in hits.data} == {a.text for a in all_left}
        left = all_left
    times = Counter(a.text for a in left)
    assert all(row.times == times[row.text] for row in hits.data)
    params.pop("text")
    if narrow["language"] is None:
        listed = store.do("query.list", limit=1000, **params)
        _, of_all = passing(store, narrow | {"text": None})
        assert {row.text: row.times for row in listed.data} == Counter(a.text for a in of_all)
        assert listed.total == len(listed.data)


def test_clusters_are_left_by_their_queries(store: Store) -> None:
    for where, test in (
        ("topic=日本語", lambda a: a.topic == "日本語"),
        ("concern=", lambda a: a.concern is None),
    ):
        hits = store.do("search.clusters", text="apple", mode="vector", where=where)
        assert {hit.cluster for hit in hits.data} == {a.cluster for a in store.asked if test(a)}


def test_a_cluster_shows_what_is_most_frequent_in_it(store: Store) -> None:
    shown = {top.facet: top.values for top in store.do("cluster.show", cluster=2).data.facets}
    for name in ("task", "concern", "topic"):
        counts = Counter(str(v) for a in store.asked if a.cluster == 2 and (v := a.value(name)) is not None)
        assert list(shown[name]) == sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:5]


@pytest.mark.parametrize(
    ("where", "code", "meant"),
    [
        ("taks=coding", "unknown_facet", "task"),
        ("task=codng", "unknown_value", "coding"),
        ("concern=9", "unknown_value", None),
        ("concern=high", "unknown_value", None),
        ("language=den", "unknown_value", "de"),
        ("turns=many", "unknown_value", None),
        ("week=2024-01-09", "unknown_value", "2024-01-08"),
        ("task", "bad_where", None),
        ("task=coding,", "bad_where", None),
        ("task=coding;concern=5", "unknown_value", None),
        ('topic="open', "bad_where", None),
        ("task>coding", "bad_where", None),
        ("concern>=4|5", "bad_where", None),
        ("concern>x", "bad_where", None),
        ("task==coding", "unknown_value", "coding"),
        ("task=coding," * 21 + "task=other", "bad_where", None),
        ("task=" + "x" * 5000, "bad_where", None),
        ("q.id=1", "unknown_facet", None),
        ("task=coding' OR 1=1 --", "unknown_value", None),
    ],
)
def test_a_condition_that_says_nothing_is_told(
    store: Store, tmp_path: Path, where: str, code: str, meant: str | None
) -> None:
    for action, params in (
        ("facet.count", {"by": "task"}),
        ("search.queries", {"text": "apple"}),
        ("query.list", {}),
        ("export.run", {"path": str(tmp_path / "x.csv")}),
    ):
        with pytest.raises(ActionError) as raised:
            store.do(action, where=where, **params)
        assert raised.value.code == code
        assert meant is None or meant in raised.value.did_you_mean
    assert not list(tmp_path.iterdir())


def test_a_value_may_be_written_in_another_case(store: Store) -> None:
    one = store.do("facet.count", by="concern", where="task=CODING,language=EN")
    assert one.data == store.do("facet.count", by="concern", where="task=coding,language=en").data


def test_cursors_that_are_none_are_told(store: Store) -> None:
    for action, params in (
        ("facet.count", {"by": "task"}),
        ("facet.cross", {"rows": "task", "cols": "concern"}),
    ):
        for after in ("x", "[1]", '[1, {"a": 1}]', "[" * 5000, "[1e999, null]", "[" + "9" * 30 + ', "a"]'):
            with pytest.raises(ActionError) as raised:
                store.do(action, after=after, **params)
            assert raised.value.code == "bad_cursor"
    with pytest.raises(ActionError) as raised:
        store.do("facet.cross", rows="task", cols="task")
    assert raised.value.code == "same_facet"


def test_a_facet_goes_before_the_field_of_its_name_which_stays_within_reach(
    built: Path, tmp_path: Path
) -> None:
    folder = copied(built, tmp_path / "w")
    path = tmp_path / "language.csv"
    path.write_text("id,value\nc0,Klingon\n", encoding="utf-8")
    said(folder, f"facet.import path={path} name=language")
    assert {row["value"] for row in said(folder, "facet.count by=language")} == {"Klingon", None}
    assert {row["value"] for row in said(folder, "facet.count by=log.language")} == {"en", "de", None}
    assert [row["count"] for row in said(folder, "facet.count by=turns where=language=klingon")] == [1]
    assert sum(row["count"] for row in said(folder, "facet.count by=turns where=log.language=en|de")) > 200
    names = [row["facet"] for row in said(folder, "facet.list")]
    assert "language" in names
    assert "log.language" in names


def failed(ran: Ran) -> str:
    assert ran.code == 1, ran.out
    return str(ran.error["code"])


def test_an_import_says_what_it_could_not_use(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "w")
    path = tmp_path / "labels.csv"
    path.write_text(
        "\ufeffconversation_id,text,value\r\nc0,x,GOOD\r\nc1,x,bad\r\nc2,x,ugly\r\nzz,x,good\r\nc0,x,bad\r\nc3,x,\r\n"
    )
    line = f"facet.import path={path} name=quality values=good,bad"
    told = said(folder, line, dry=True)
    made = said(folder, line)
    assert told == made
    assert (made["known"], made["failed"], made["missing"]) == (2, 1, COUNT - 3)
    assert made["note"] == "1 rows name no conversation of log; 2 rows hold no id, no value, or an id again"
    assert {row["value"]: row["count"] for row in said(folder, "facet.count by=quality")} == {
        "good": 1, "bad": 1, None: COUNT - 2,
    }  # fmt: skip
    problem = said(folder, "facet.show name=quality")["problems"][0]["problem"]
    assert problem == "It must be exactly one of: good, bad."
    assert failed(run_text(folder, line)) == "facet_exists"
    assert failed(run_text(folder, "facet.resume name=quality")) == "not_resumable"
    assert failed(run_text(folder, line.replace("quality", "other").replace("labels", "none"))) == "bad_path"
    path.write_text("id,value\nzz,good\n")
    assert failed(run_text(folder, line.replace("quality", "other"))) == "no_values"
    path.write_bytes(b"id,value\nc0,\xff\xfe\n")
    assert failed(run_text(folder, line.replace("quality", "other"))) == "bad_file"


def test_a_field_of_the_metadata_becomes_a_facet_and_grows_with_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines = [{"id": str(n), "text": f"q {n}", "meta": {"score": n % 3, "a.b": True}} for n in range(30)]
    log.write_text("".join(json.dumps(row) + "\n" for row in lines[:20]))
    folder = tmp_path / "w"
    said(folder, f"data.load source={log}")
    made = said(folder, "facet.from_metadata field=meta.score name=score values=0-2")
    assert (made["known"], made["kind"], made["status"]) == (20, "scale", "done")
    log.write_text("".join(json.dumps(row) + "\n" for row in lines))
    said(folder, f"data.load source={log}")
    assert said(folder, "facet.show name=score")["missing"] == 10
    assert said(folder, "facet.resume name=score", dry=True)["known"] == 30
    assert said(folder, "facet.show name=score")["missing"] == 10
    assert said(folder, "facet.from_metadata field=meta.score name=score values=0-2")["known"] == 30
    assert said(folder, "facet.resume name=score")["known"] == 30
    assert failed(run_text(folder, "facet.from_metadata field=meta.score name=score")) == "facet_exists"
    assert [(r["value"], r["count"]) for r in said(folder, "facet.count by=score sort=value")] == [
        ("0", 10), ("1", 10), ("2", 10),
    ]  # fmt: skip
    assert run_text(folder, "facet.from_metadata field=metta name=x").error["did_you_mean"] == ["meta"]


def test_a_run_clusters_by_a_facet_from_end_to_end(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "w")
    told = said(folder, "embed.run model=lexical facet=task", dry=True)
    made = said(folder, "embed.run model=lexical facet=task")
    assert re.fullmatch(r"lexical-log-task-[0-9a-f]{8}", made["space"])
    assert (told["space"], told["new"]) == (made["space"], made["new"])
    assert made["advice"].startswith("task has 4 values")
    assert "texts have no value" in made["advice"]
    assert said(folder, "embed.run model=lexical facet=task")["new"] == 0
    values = dict(
        rows(
            folder,
            "SELECT q.text_id, f.value FROM query q JOIN facet_value f ON f.conversation_id = q.conversation_id"
            " JOIN facet c ON c.id = f.facet_id WHERE c.name = 'task' ORDER BY q.conversation_id DESC",
        )
    )
    run = said(folder, f"run.kmeans k=12 seed=1 space={made['space']}")["run"]
    clusters: dict[str, set[int]] = {}
    for text_id, cluster in rows(
        folder,
        "SELECT DISTINCT q.text_id, a.cluster FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN run r ON r.id = a.run_id WHERE r.name = ?",
        run,
    ):
        if text_id in values:
            clusters.setdefault(values[text_id], set()).add(cluster)
    assert set(clusters) == set(TASKS)
    for one in TASKS:
        for other in TASKS:
            assert one == other or not clusters[one] & clusters[other]
    hits = said(folder, f"search.queries text=writing mode=vector limit=5 run={run}")
    assert {values[hit["text_id"]] for hit in hits} == {"writing"}
    assert run_text(folder, f"summary.create run={run}\nhierarchy.build run={run}").code == 0
    assert run_text(folder, "embed.run model=lexical facet=none").error["code"] == "unknown_facet"


def test_each_facet_is_a_column_of_an_export(built: Path, tmp_path: Path, store: Store) -> None:
    import pyarrow.parquet as pq

    folder = copied(built, tmp_path / "w")
    for kind in ("csv", "jsonl", "parquet"):
        said(folder, f"export.run path={tmp_path}/x.{kind}")
        wrote = said(folder, f"export.run path={tmp_path}/some.{kind} where='task=coding,concern>=3'")
        assert wrote["rows"] == sum(a.task == "coding" and (a.concern or 0) >= 3 for a in store.asked) > 0
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as handle:
        flat = list(csv.DictReader(handle))
    lines = [json.loads(row) for row in (tmp_path / "x.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    table = pq.read_table(tmp_path / "x.parquet").to_pylist()
    some = [json.loads(row) for row in (tmp_path / "some.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert {row["facets"]["task"] for row in some} == {"coding"}
    assert len(flat) == len(lines) == len(table) == COUNT
    for a, row, line, columns in zip(store.asked, flat, lines, table, strict=True):
        assert line["query_id"] == columns["query_id"] == int(row["query_id"]) == a.query
        assert line["facets"] == {"task": a.task, "concern": a.concern, "topic": a.topic}
        for name in ("task", "concern", "topic"):
            assert columns[f"facet_{name}"] == a.value(name)
            assert row[f"facet_{name}"] == ("" if a.value(name) is None else str(a.value(name)))


def test_a_store_with_facets_is_sound_whatever_is_removed(built: Path, tmp_path: Path) -> None:
    from db.invariants import violations

    folder = copied(built, tmp_path / "w")
    for line in ("facet.list", "facet.delete name=task yes=true", "data.clear dataset=log yes=true"):
        said(folder, line)
        session = opened(folder)
        with session.workspace.connection():
            assert violations(session.workspace) == []
    assert rows(folder, "SELECT (SELECT count(*) FROM facet), (SELECT count(*) FROM facet_value)") == [(0, 0)]


def test_hostile_values_reach_no_terminal(built: Path) -> None:
    for line in (
        "facet.count by=topic",
        "facet.cross rows=topic cols=task",
        "facet.list",
        "facet.show name=topic",
    ):
        ran = run_text(built, line)
        assert ran.code == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ran.out + ran.err)
    values = {row["value"] for row in said(built, "facet.count by=topic")}
    assert {"\x1b[31mred\x07", "\u202eevil", "[/INST] a, b", "two spaces"} <= values


def test_a_store_of_the_first_version_gets_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        old = Workspace.open(tmp_path, create=True, read_only=False, clock=lambda: NOW)
        with old.transaction() as connection:
            connection.execute("INSERT INTO dataset VALUES (1, 'd', 's', 'x', '{}', 'f', 1, 0, '')")
        old.close()
    assert (tmp_path / FILE_NAME).is_file()
    assert "language" in {row["facet"] for row in said(tmp_path, "facet.list")}
    assert rows(tmp_path, "SELECT count(*) FROM facet_value") == [(0,)]
