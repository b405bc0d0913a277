"""Sets of names side by side: what agrees, what does not, and what each set is as a whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.registry import REGISTRY
from tests.doors import run_text
from tests.messages_server import KEY, Fault, MessagesServer, Seen, good_answer, serving
from tests.naming import MODEL, rows, said


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with serving() as running:
        yield running


def create(folder: Path, server: MessagesServer, more: str) -> Any:
    return said(folder, f"summary.create model={MODEL} base_url={server.url} concurrency=1 {more}")


@pytest.fixture
def three(own_workspace: Path, server: MessagesServer) -> Path:
    """A workspace with local names, and two sets by a model: `first`, and `second` that differs in three clusters."""
    create(own_workspace, server, "alias=first")
    asked: list[str] = []

    def other(seen: Seen) -> dict[str, Any]:
        asked.append(seen.user)
        answer = good_answer(seen)
        if len(asked) == 1:
            return answer | {"title": answer["title"].upper() + "."}
        if len(asked) == 2:
            return answer | {"title": "Quite another thing", "coherence": 2}
        if len(asked) == 3:
            return answer | {"coherence": 1, "topics": ["cats", "dogs"]}
        return answer

    server.answer = other
    faults = {5: Fault("status", 400, "this one never works")}
    before = len(server.seen)
    server.choose = lambda n, _: faults.get(n - before)
    create(own_workspace, server, "alias=second contrast=3")
    return own_workspace


def test_each_cluster_has_its_name_in_both_sets(three: Path) -> None:
    found = said(three, "summary.compare a=first b=second")
    sets = dict(rows(three, "SELECT alias, id FROM summary_set"))
    for side in ("first", "second"):
        stored = {
            row[0]: row[1:]
            for row in rows(
                three,
                "SELECT cluster, title, description, form, coherence, status FROM summary WHERE summary_set_id = ?",
                sets[side],
            )
        }
        letter = "a" if side == "first" else "b"
        assert {row["cluster"]: tuple(row[letter].values()) for row in found["rows"]} == stored
    sizes = dict(rows(three, "SELECT number, size FROM cluster WHERE kind = 'cluster'"))
    assert {row["cluster"]: row["size"] for row in found["rows"]} == sizes
    assert found["after"] is None


def test_the_totals_are_those_of_the_rows(three: Path) -> None:
    found = said(three, "summary.compare a=first b=second")
    assert (found["clusters"], len(found["rows"])) == (6, 6)
    assert found["equal"] == sum(row["equal"] for row in found["rows"]) == 3
    known = [row["similarity"] for row in found["rows"] if row["similarity"] is not None]
    assert found["similarity"] == pytest.approx(np.mean(known), abs=1e-4)
    first, second = found["a"], found["b"]
    assert (first["alias"], second["alias"], first["model"]) == ("first", "second", MODEL)
    assert first["coherence"] == 4
    # Of the six of the second, one failed: 4, 2, 1, 4 and 4 are left.
    assert second["coherence"] == 3
    # The one that failed keeps its local name, whatever form that has.
    (kept,) = [row["b"]["form"] for row in found["rows"] if row["b"]["status"] == "failed"]
    assert second["failed"] == 1
    assert second["mixed"] == 1 + (kept == "mixed")
    assert second["miscellaneous"] == 1 + (kept == "miscellaneous")
    assert (first["mixed"], first["miscellaneous"], first["failed"], first["pending"]) == (0, 0, 0, 0)


def test_titles_agree_as_a_reader_sees_them(three: Path) -> None:
    found = said(three, "summary.compare a=first b=second")["rows"]
    loud = [row for row in found if row["equal"] and row["a"]["title"] != row["b"]["title"]]
    assert len(loud) == 1
    assert loud[0]["a"]["title"].lower() == loud[0]["b"]["title"].lower()
    assert [row["equal"] for row in found] == [False] * 3 + [True] * 3
    unlike = [row["similarity"] for row in found if not row["equal"]]
    assert unlike == sorted(unlike)


def test_a_similarity_is_the_cosine_of_the_titles(three: Path) -> None:
    sets = dict(rows(three, "SELECT alias, id FROM summary_set"))
    vectors = {
        (which, cluster): np.array(struct.unpack(f"<{len(vector) // 4}f", vector))
        for which, cluster, vector in rows(three, "SELECT summary_set_id, cluster, vector FROM summary")
    }
    for row in said(three, "summary.compare a=first b=second")["rows"]:
        one, two = (vectors[sets[alias], row["cluster"]] for alias in ("first", "second"))
        cosine = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
        assert row["similarity"] == pytest.approx(cosine, abs=1e-4)


def test_the_default_is_the_current_set_and_the_one_before_it(three: Path) -> None:
    assert [said(three, "summary.compare")[side]["alias"] for side in "ab"] == ["first", "second"]
    said(three, "summary.use set=first")
    local, current = (said(three, "summary.compare")[side] for side in "ab")
    assert (local["model"], current["alias"]) == ("local", "first")
    # Before the first set there is none: the one after it.
    found = said(three, f"summary.compare b={local['summary_set']}")
    assert (found["a"]["alias"], found["b"]["model"]) == ("first", "local")
    assert found["b"]["coherence"] is None


def test_the_examples_of_the_help_run(three: Path) -> None:
    for example in REGISTRY.get("summary.compare").examples:
        assert said(three, example)["clusters"] == 6


@pytest.mark.parametrize("sort", ["likeness", "size"])
def test_pages_join_to_the_whole(sort: str, three: Path) -> None:
    line = f"summary.compare a=first b=second sort={sort}"
    whole = said(three, line)
    joined: list[Any] = []
    after, pages = "", 0
    while after is not None:
        page = said(three, f"{line} limit=4 {after and f'after={after!r}'}")
        assert {key: page[key] for key in ("clusters", "equal", "a", "b")} == {
            key: whole[key] for key in ("clusters", "equal", "a", "b")
        }
        joined += page["rows"]
        after, pages = page["after"], pages + 1
    assert (joined, pages) == (whole["rows"], 2)
    if sort == "size":
        assert [row["size"] for row in joined] == sorted((row["size"] for row in joined), reverse=True)


def test_without_vectors_titles_are_compared_by_their_words(three: Path) -> None:
    from tests.naming import opened

    session = opened(three)
    with session.workspace.connection(), session.workspace.transaction() as connection:
        connection.execute("UPDATE summary SET vector = NULL")
        connection.execute("DELETE FROM summary WHERE cluster = 0 AND summary_set_id = 3")
    found = said(three, "summary.compare a=first b=second")
    assert found["similarity"] is None
    assert all(row["similarity"] is None for row in found["rows"])
    (gone,) = [row for row in found["rows"] if row["cluster"] == 0]
    assert (gone["b"]["title"], gone["b"]["status"], gone["equal"]) == ("", "pending", False)
    assert found["b"]["pending"] == 1
    assert [row["equal"] for row in found["rows"]] == sorted(row["equal"] for row in found["rows"])


def test_sets_of_two_runs_cannot_be_compared(three: Path) -> None:
    mine = said(three, "summary.list")[0]
    made = run_text(three, "run.kmeans k=4 seed=1\nsummary.create alias=elsewhere")
    assert made.code == 0
    other = made.rows[1]["data"]
    refused = run_text(three, f"summary.compare a={mine['summary_set']} run={other['run']}").error
    assert refused["code"] == "other_run"
    assert mine["run"] in refused["message"] and f"run={mine['run']}" in refused["hint"]
    # An alias is a run's own.
    assert (
        run_text(three, f"summary.compare a=first run={other['run']}").error["code"] == "unknown_summary_set"
    )
    alone = run_text(three, f"summary.compare run={other['run']}").error
    assert alone["code"] == "one_summary_set" and "summary.create" in alone["hint"]
    twice = run_text(three, f"summary.compare a=second b=second run={mine['run']}").error
    assert twice["code"] == "same_summary_set"


def test_a_run_without_names_says_so(three: Path) -> None:
    made = run_text(three, "run.kmeans k=4 seed=1").rows[0]["data"]
    assert run_text(three, f"summary.compare run={made['run']}").error["code"] == "no_summary"
