"""Searches through the script door: exact by every field, paged to the end, saved, and the same for counts and moves."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.session import Session
from tests.doors import NOW, run_text
from tests.naming import said
from tests.test_search_language import HOSTILE

LANGUAGES, MODELS, USERS = ["de", "en", None], ["gpt-4", "vicuna", None], ["ann", "bob x", None]
VOCABULARY = [
    "apple",
    "bread",
    "code",
    "dance",
    "engine",
    "np.array",
    "foo_bar",
    "c++",
    "日本語の検索",
    "printf(x)",
]


@pytest.fixture(scope="module")
def log() -> list[dict[str, Any]]:
    rng = random.Random(5)
    return [
        {
            "id": str(i),
            "text": " ".join(rng.choices(VOCABULARY, k=rng.randint(2, 5))) + f" n{i}",
            "language": rng.choice(LANGUAGES),
            "model": rng.choice(MODELS),
            "user": rng.choice(USERS),
            "timestamp": f"2023-0{rng.randint(4, 6)}-{rng.randint(1, 28):02}T10:00:00Z",
        }
        for i in range(300)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, log: list[dict[str, Any]]) -> Path:
    home = tmp_path_factory.mktemp("language")
    path = home / "log.jsonl"
    path.write_text(
        "".join(json.dumps({k: v for k, v in row.items() if v}) + "\n" for row in log), encoding="utf-8"
    )
    ran = run_text(
        home / "w",
        f"data.load source={path} user=user\nembed.run model=lexical\nrun.kmeans k=6 seed=1\nsummary.create\nhierarchy.build"
        " levels=2 width=2\nquery.flag query=1,2,3 flag=unsafe\ncluster.tag cluster=2 add=odd\nquery.move query=5,6 to=-2",
    )
    assert ran.code == 0, ran.out + ran.err
    return home / "w"


def asked(folder: Path, text: str, action: str = "search.queries mode=text limit=1000") -> dict[str, Any]:
    ran = run_text(
        folder, json.dumps({"action": action.split()[0], "params": params(action) | {"text": text}})
    )
    assert ran.out, ran.err
    answer: dict[str, Any] = json.loads(ran.out)
    return answer


def params(action: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in action.split()[1:])


def holds(row: dict[str, Any], *wanted: str) -> bool:
    return all(f" {word} " in f" {row['text']} " for word in wanted)


FLAGGED, ORPHANS = ("0", "1", "2"), ("4", "5")

CASES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "apple bread ": lambda r: holds(r, "apple", "bread"),
    "apple -bread ": lambda r: holds(r, "apple") and not holds(r, "bread"),
    '"apple bread" ': lambda r: "apple bread" in r["text"],
    '-"apple bread" apple ': lambda r: holds(r, "apple") and "apple bread" not in r["text"],
    "app* ": lambda r: holds(r, "apple"),
    "apple OR bread ": lambda r: holds(r, "apple") or holds(r, "bread"),
    "apple OR bread code ": lambda r: holds(r, "code") and (holds(r, "apple") or holds(r, "bread")),
    "NEAR(apple bread, 0) ": lambda r: "apple bread" in r["text"] or "bread apple" in r["text"],
    "apple language:de ": lambda r: holds(r, "apple") and r["language"] == "de",
    "apple -language:de ": lambda r: holds(r, "apple") and r["language"] != "de",
    "apple language:de OR language:en ": lambda r: holds(r, "apple") and r["language"] is not None,
    "chat_model:gpt-4 ": lambda r: r["model"] == "gpt-4",
    'user:"bob x" code ': lambda r: holds(r, "code") and r["user"] == "bob x",
    "-user:ann ": lambda r: r["user"] != "ann",
    "after:2023-05-10 before:2023-06 ": lambda r: "2023-05-10" <= r["timestamp"][:10] < "2023-06-01",
    "-after:2023-05 apple ": lambda r: holds(r, "apple") and r["timestamp"] < "2023-05",
    "after:2023-W20 before:2023-W21 ": lambda r: "2023-05-15" <= r["timestamp"][:10] <= "2023-05-21",
    "after:2023-5-9 before:2024 ": lambda r: r["timestamp"][:10] >= "2023-05-09",
    "month:2023-05 ": lambda r: r["timestamp"].startswith("2023-05"),
    "day:>=2023-06-02 ": lambda r: r["timestamp"][:10] >= "2023-06-02",
    "day:>=2023-6-2 ": lambda r: r["timestamp"][:10] >= "2023-06-02",
    "day:<=2023-05 ": lambda r: r["timestamp"][:7] <= "2023-05",
    "day:>2023-05 ": lambda r: r["timestamp"][:7] > "2023-05",
    "day:<2023-W20 ": lambda r: r["timestamp"][:10] < "2023-05-15",
    "week:>=2023-W20 ": lambda r: r["timestamp"][:10] >= "2023-05-15",
    "week:2023-W20 ": lambda r: "2023-05-15" <= r["timestamp"][:10] <= "2023-05-21",
    "month:>2023-4 ": lambda r: r["timestamp"][:7] > "2023-04",
    "month:>=2023-05-15 ": lambda r: r["timestamp"][:7] >= "2023-05",
    "flag:unsafe ": lambda r: r["id"] in FLAGGED,
    "has:flag -language:de ": lambda r: r["id"] in FLAGGED and r["language"] != "de",
    "-has:flag apple ": lambda r: holds(r, "apple") and r["id"] not in FLAGGED,
    "is:orphan ": lambda r: r["id"] in ORPHANS,
    "-is:orphan apple ": lambda r: holds(r, "apple") and r["id"] not in ORPHANS,
    "is:noise ": lambda _: False,
    "turns:>=2 ": lambda _: False,
    "検 ": lambda r: "検" in r["text"],
    "の検索 ": lambda r: "日本語" in r["text"],
    "索検 ": lambda _: False,
    "np.array ": lambda r: holds(r, "np.array"),
    "foo_bar ": lambda r: holds(r, "foo_bar"),
    "c++ ": lambda r: holds(r, "c++"),
    "printf ": lambda r: "printf" in r["text"],
}


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("ranked", [10_000, 5])
def test_a_search_finds_what_plain_python_finds(
    folder: Path, log: list[dict[str, Any]], text: str, ranked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.matching.RANKED", ranked)
    expected = {row["text"] for row in log if CASES[text](row)}
    answer = asked(folder, text)
    assert {row["text"] for row in answer["data"]} == expected
    assert (answer["total"], len(answer["data"])) == (len(expected), len(expected))
    counted = asked(folder, text, "facet.count by=language")
    assert sum(row["count"] for row in counted["data"]) == len(expected)


@pytest.mark.parametrize("text", ["in:c2", "cluster:2", "tag:odd", "has:tag"])
def test_fields_of_clusters(folder: Path, text: str) -> None:
    members = {row["text_id"] for row in said(folder, "query.list cluster=2 limit=1000")}
    everything = asked(folder, f"{text} OR {text} " if text.startswith(("in", "cl")) else text)
    assert {row["text_id"] for row in everything["data"]} == members
    others = asked(folder, f"-{text}")
    assert {row["text_id"] for row in others["data"]}.isdisjoint(members)
    assert everything["total"] + others["total"] == 300
    assert all(row["cluster"] == 2 for row in asked(folder, f"{text} apple ", "search.queries")["data"])


@pytest.mark.parametrize(
    ("text", "code", "meant"),
    [
        ("in:c22 x", "unknown_node", "c2"),
        ("cluster:77", "unknown_cluster", None),
        ("cluster:x", "unknown_cluster", None),
        ("language:dee", "unknown_value", "de"),
        ("is:nois", "unknown_value", "noise"),
        ("has:flags", "unknown_value", "flag"),
        ("after:2023-13", "bad_window", None),
        ("before:soon", "bad_window", None),
        ("day:>=soon", "bad_window", None),
        ("day:>=05/01/2023", "bad_window", None),
        ("week:<2023-W60", "bad_window", None),
        ("month:>=2023-13", "bad_window", None),
        ("a OR language:de", "bad_search", None),
        ("in:>c2", "bad_search", None),
        ("user:>ann", "bad_where", None),
    ],
)
def test_what_a_field_does_not_know_is_said(folder: Path, text: str, code: str, meant: str | None) -> None:
    for action in ("search.queries", "facet.count by=language", "search.clusters"):
        answer = asked(folder, text, action)
        assert (answer["ok"], answer["code"]) == (False, code)
        assert meant is None or meant in answer["did_you_mean"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_pasted_is_never_an_error(folder: Path, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    for action in ("search.queries", "search.queries mode=text", "facet.count by=month", "search.clusters"):
        assert asked(folder, text, action)["ok"]


def test_a_cursor_belongs_to_one_list(folder: Path) -> None:
    first = asked(folder, "apple ", "search.queries mode=text limit=3")
    assert first["after"]
    follow = f"search.queries mode=text limit=3 after={first['after']}"
    rest = asked(folder, "apple ", follow)
    assert rest["ok"]
    assert not {r["text_id"] for r in rest["data"]} & {r["text_id"] for r in first["data"]}
    for text, action in (
        ("bread ", follow),
        ("apple ", f"{follow} language=de"),
        ("apple ", f"{follow} mode=hybrid"),
    ):
        assert asked(folder, text, action)["code"] == "bad_cursor"
    for line in ("cluster.list limit=2 sort={}", "query.list limit=2 sort={}"):
        one, other = ("size", "title") if line.startswith("cluster") else ("central", "times")
        after = json.loads(run_text(folder, line.format(one)).out)["after"]
        assert run_text(folder, f"{line.format(one)} after='{after}'").code == 0
        assert run_text(folder, f"{line.format(other)} after='{after}'").error["code"] == "bad_cursor"


def test_ranked_matches_come_first_and_the_others_follow(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.matching.RANKED", 8)
    for mode in ("text", "hybrid"):
        whole = asked(folder, "apple ", f"search.queries mode={mode} limit=1000")
        assert "newest 8 are ranked" in whole["note"]
        found, after = [], None
        while True:
            more = f" after={after}" if after else ""
            answer = asked(folder, "apple ", f"search.queries mode={mode} limit=7{more}")
            found += [row["text_id"] for row in answer["data"]]
            after = answer.get("after")
            if after is None:
                break
        assert found == [row["text_id"] for row in whole["data"]]
        assert len(set(found)) == len(found)
    ids = [row["text_id"] for row in asked(folder, "apple ")["data"]]
    assert set(ids[:8]) == set(sorted(ids)[-8:])
    assert ids[8:] == sorted(ids[8:], reverse=True)


def test_similar_queries(folder: Path) -> None:
    rows = said(folder, "search.similar query=9 limit=5")
    assert len(rows) == 5
    assert 9 not in [row["query"] for row in rows]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert rows == said(
        folder, f"search.similar text_id={asked(folder, 'n8 ')['data'][0]['text_id']} limit=5"
    )
    narrowed = said(folder, "search.similar query=9 limit=1000 language=de text='apple -bread '")
    assert {row["text_id"] for row in narrowed} == {
        row["text_id"] for row in asked(folder, "apple -bread language:de ")["data"]
    } - {asked(folder, "n8 ")["data"][0]["text_id"]}
    for line, code in (
        ("", "bad_parameter"),
        ("query=9 text_id=9", "bad_parameter"),
        ("query=999", "unknown_query"),
    ):
        assert run_text(folder, f"search.similar {line}").error["code"] == code


def test_saved_searches(folder: Path) -> None:
    said(folder, "search.save name=mine text='apple language:de' mode=text chat_model=gpt-4")
    kept = said(folder, "search.queries saved=mine limit=1000")
    assert (
        kept
        == asked(folder, "apple language:de", "search.queries mode=text limit=1000 chat_model=gpt-4")["data"]
    )
    other = said(folder, "search.queries saved=mine chat_model=vicuna limit=1000")
    assert {row["chat_model"] for row in other} == {"vicuna"}
    taken = run_text(folder, "search.save name=mine text=x")
    assert taken.error["code"] == "saved_exists"
    said(folder, "search.save name=mine text=bread overwrite=true")
    assert [(row["name"], row["text"], row["mode"]) for row in said(folder, "search.saved")] == [
        ("mine", "bread", None)
    ]
    assert run_text(folder, "search.queries saved=mein").error["did_you_mean"] == ["mine"]
    assert run_text(folder, "search.save name=bad text=in:nowhere").error["code"] == "unknown_node"
    empty = run_text(folder, "search.queries where=language=de").error
    assert empty["code"] == "empty_search" and "text='language:German" in empty["hint"]
    said(folder, "search.forget name=mine")
    assert said(folder, "search.saved") == []


def test_queries_are_moved_by_a_search_in_the_same_language(folder: Path, log: list[dict[str, Any]]) -> None:
    wanted = [r for r in log if holds(r, "dance") and not holds(r, "code") and r["language"] == "de"]
    ran = run_text(folder, "query.move to=1 search='dance -code language:de -cluster:1 '")
    assert ran.code == 0, ran.out
    moved = asked(folder, "dance -code language:de cluster:1 ")
    assert {row["text"] for row in moved["data"]} == {row["text"] for row in wanted}
    run_text(folder, "edit.undo")


def test_a_move_takes_whole_words_and_reads_all_that_is_said(folder: Path) -> None:
    assert run_text(folder, "query.move to=1 search=danc").error["code"] == "no_matches"
    assert run_text(folder, "query.move to=1 search='danc*'").code == 0
    run_text(folder, "edit.undo")
    for search in (
        "dance -(code OR apple)",
        "dance " * 401 + "cluster:2",
        "dance" + " " * 2_000 + "cluster:2",
    ):
        refused = run_text(folder, f"query.move to=1 search='{search}'")
        assert refused.error["code"] == "bad_search", search


def test_a_field_of_the_log_is_within_reach_beside_a_facet_of_its_name(
    log: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({**row, "mood": "glad"}) + "\n" for row in log), encoding="utf-8")
    folder = tmp_path / "w"
    assert run_text(folder, f"data.load source={path}").code == 0
    assert asked(folder, "log.language:de", "search.queries mode=text")["total"] == 0
    assert run_text(folder, "facet.from_metadata field=mood name=language").code == 0
    german = sum(row["language"] == "de" for row in log)
    assert asked(folder, "log.language:de", "search.queries mode=text")["total"] == german
    assert asked(folder, "language:glad", "search.queries mode=text")["total"] == len(log)


def test_a_mark_that_nobody_gave_is_told(folder: Path) -> None:
    for mark, given in (("flag:unsaef", "unsafe"), ("tag:od", "odd")):
        none = asked(folder, f"apple {mark} ")
        assert (
            none["data"] == []
            and f"Nobody gave {mark}; given are: " in none["note"]
            and given in none["note"]
        )
    assert "Nobody" not in (asked(folder, "nothingsuch flag:unsafe ").get("note") or "")
    assert "Nobody" not in (asked(folder, "apple -flag:unsaef ").get("note") or "")


def test_what_is_remembered_is_never_older_than_the_store(folder: Path) -> None:
    session = Session(folder, clock=lambda: NOW, actor="tester")
    search = {"text": "apple flag:seen ", "mode": "text"}
    count = {"text": "apple ", "by": "cluster"}
    with session.workspace.connection():
        hits = session.dispatch("search.queries", {"text": "apple ", "mode": "text"}).data
        before = session.dispatch("facet.count", count).data
        assert session.dispatch("search.queries", search).total == 0
        with session.workspace.rolled_back():
            session.dispatch("query.flag", {"query": hits[0].query, "flag": "seen"})
            session.dispatch("query.move", {"query": hits[0].query, "to": -2})
            assert session.dispatch("search.queries", search).total == 1
            assert session.dispatch("facet.count", count).data != before
        assert session.dispatch("search.queries", search).total == 0
        assert session.dispatch("facet.count", count).data == before
        session.dispatch("query.flag", {"query": hits[0].query, "flag": "seen"})
        assert session.dispatch("search.queries", search).total == 1
        # Another process.
        said(folder, f"query.flag query={hits[1].query} flag=seen")
        assert session.dispatch("search.queries", search).total == 2
    session.close()
