"""Datasets that grow and go: what follows, and what other work hears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.control import Control, Progress
from core.errors import ActionError
from core.session import Session
from db.invariants import violations
from tests.doors import NOW


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path / "w", clock=lambda: NOW)
    yield session
    session.close()


def log(path: Path, texts: list[str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "".join(json.dumps({"id": f"c{i}", "text": text}) + "\n" for i, text in enumerate(texts)),
        encoding="utf-8",
    )
    return path


FRUIT = ["apple pie", "banana bread", "cherry tart", "date cake"]
PHYSICS = ["quantum engine", "thermodynamic law", "black holes", "nuclear reactor"]


def test_a_run_keeps_its_queries_when_its_dataset_grows(session: Session, tmp_path: Path) -> None:
    path = log(tmp_path / "l.jsonl", FRUIT)
    for action, params in (
        ("data.load", {"source": str(path)}),
        ("embed.run", {"model": "lexical"}),
        ("run.kmeans", {"k": 2}),
        ("summary.create", {}),
        ("hierarchy.build", {}),
    ):
        session.dispatch(action, params)
    session.dispatch("data.load", {"source": str(log(path, [*FRUIT, "apple pie", "plum jam"]))})
    assert violations(session.workspace) == []
    assert session.dispatch("run.show").data.queries == 4
    assert session.dispatch("data.status").data.next_step == "embed.run"
    session.dispatch("embed.run", {"model": "lexical"})
    assert session.dispatch("data.status").data.next_step == "run.kmeans"
    session.dispatch("run.kmeans", {"k": 2})
    assert session.dispatch("data.status").data.next_step == "summary.create"


def test_rejects_are_those_of_each_source_as_it_was_read_last(session: Session, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": ""}\n', encoding="utf-8")
    second.write_text('{"id": 3, "text": "c"}\n{"id": 4, "text": ""}\n', encoding="utf-8")

    def load(path: Path) -> tuple[int, list[tuple[str, int]], int]:
        told = session.dispatch("data.load", {"source": str(path), "name": "log"}).data.rejected
        rows = session.dispatch("data.rejects").data
        (dataset,) = session.dispatch("data.list").data
        return told, [(row.source, row.line) for row in rows], dataset.rejected

    assert load(first) == (1, [("first.jsonl", 2)], 1)
    assert load(second) == (1, [("first.jsonl", 2), ("second.jsonl", 2)], 2)
    # Only a part of it is read, so what is known of the rest stays.
    session.dispatch("data.load", {"source": str(second), "name": "log", "limit": 1})
    assert [(row.source, row.line) for row in session.dispatch("data.rejects").data][1:] == [
        ("second.jsonl", 2)
    ]
    first.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": "mended"}\n', encoding="utf-8")
    assert load(first) == (0, [("second.jsonl", 2)], 1)
    second.write_text('{"id": 3, "text": "c"}\n', encoding="utf-8")
    assert load(second) == (0, [], 0)


def test_conversations_that_have_grown_are_told(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    said = [("s1", "user", "hi"), ("s1", "assistant", "hello"), ("s2", "user", "bye")]

    def load(messages: list[tuple[str, str, str]]) -> tuple[int, int, str | None]:
        rows = [{"session_id": s, "role": role, "content": content} for s, role, content in messages]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        data = session.dispatch("data.load", {"source": str(path)}).data
        return data.loaded, data.duplicates, data.advice

    assert load(said) == (2, 0, None)
    assert load(said) == (0, 2, None)
    loaded, known, advice = load([*said, ("s2", "assistant", "see you"), ("s3", "user", "new")])
    assert (loaded, known) == (1, 2)
    assert advice is not None
    assert advice.startswith("1 of the conversations that were there already have more turns now")


def test_facets_that_are_behind_are_told_and_can_catch_up(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"

    def load(count: int) -> str:
        rows = [{"id": str(n), "text": FRUIT[n], "tone": f"t{n % 2}"} for n in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(session.dispatch("data.load", {"source": str(path)}).data.advice or "")

    assert load(2) == ""
    session.dispatch("facet.from_metadata", {"field": "tone", "name": "mood"})
    assert "made before: mood. facet.resume" in load(4)
    assert load(4) == ""
    session.dispatch("facet.from_metadata", {"field": "tone", "name": "mood"})
    counted = session.dispatch("facet.count", {"by": "mood"}).data
    assert {row.value: row.count for row in counted} == {"t0": 2, "t1": 2}


def test_times_that_cannot_be_read_are_told_of_messages(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    row = {
        "session_id": "s1",
        "role": "user",
        "content": "hi",
        "sent": "05/01/2023",
        "created_at": "05/01/2023",
    }
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    advice = session.dispatch("data.load", {"source": str(path)}).data.advice
    assert advice is not None
    assert "“05/01/2023”" in advice


def test_times_that_cannot_be_read_are_told(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    times = ["03/04/2023", "2023-04-03 10:00", "yesterday", None]
    path.write_text(
        "".join(json.dumps({"q": text, "at": at}) + "\n" for text, at in zip(FRUIT, times, strict=True)),
        encoding="utf-8",
    )
    advice = session.dispatch("data.load", {"source": str(path), "text": "q", "timestamp": "at"}).data.advice
    assert "2 of 4 conversations" in advice and "“03/04/2023”" in advice
    assert (
        session.dispatch("data.load", {"source": str(log(tmp_path / "m.jsonl", FRUIT))}).data.advice is None
    )


def test_a_number_is_never_given_to_another_text_or_query(session: Session, tmp_path: Path) -> None:
    session.dispatch("data.load", {"source": str(log(tmp_path / "l.jsonl", FRUIT))})
    session.dispatch("data.clear", {"dataset": "l", "yes": True})
    session.dispatch("data.load", {"source": str(log(tmp_path / "m.jsonl", PHYSICS))})
    hit = session.dispatch("search.queries", {"text": "quantum", "mode": "text"}).data[0]
    assert hit.query > 4
    assert hit.text_id > 4
    with pytest.raises(ActionError, match="no query 1"):
        session.dispatch("query.show", {"query": 1})


def test_a_model_that_learns_from_a_dataset_learns_anew_from_another_of_the_same_name(
    session: Session, tmp_path: Path
) -> None:
    def vectors(folder: Path) -> np.ndarray:
        return np.fromfile(folder / "vectors/lexical-l/vectors.f16", dtype="<f2").astype(float)

    session.dispatch("data.load", {"source": str(log(tmp_path / "l.jsonl", FRUIT))})
    session.dispatch("embed.run", {"model": "lexical"})
    session.dispatch("data.clear", {"dataset": "l", "yes": True})
    assert session.dispatch("embed.list").data == ()
    session.dispatch("data.load", {"source": str(log(tmp_path / "new/l.jsonl", PHYSICS))})
    session.dispatch("embed.run", {"model": "lexical"})
    fresh = Session(tmp_path / "fresh", clock=lambda: NOW)
    fresh.dispatch("data.load", {"source": str(tmp_path / "new/l.jsonl")})
    fresh.dispatch("embed.run", {"model": "lexical"})
    assert session.dispatch("embed.list").data == fresh.dispatch("embed.list").data
    assert np.array_equal(vectors(session.folder), vectors(fresh.folder))
    fresh.close()


@pytest.mark.parametrize("action", ["embed.run", "run.kmeans", "summary.create"])
def test_work_on_what_another_process_removes_says_so(action: str, session: Session, tmp_path: Path) -> None:
    session.dispatch("data.load", {"source": str(log(tmp_path / "l.jsonl", FRUIT))})
    if action != "embed.run":
        session.dispatch("embed.run", {"model": "lexical"})
    if action == "summary.create":
        session.dispatch("run.kmeans", {"k": 2})
    other = Session(session.folder, clock=lambda: NOW)
    removed: list[bool] = []

    def remove(report: Progress) -> None:
        if not removed and report.stage != "learn":
            removed.append(True)
            other.dispatch("data.clear", {"dataset": "l", "yes": True})

    session.control = Control(remove, lambda: False)
    with pytest.raises(ActionError) as caught:
        session.dispatch(action, {"model": "lexical", "batch": 2} if action == "embed.run" else {})
    assert removed
    assert caught.value.code == "removed_meanwhile"
    assert caught.value.hint
    assert violations(session.workspace) == []
    other.close()


def test_the_vectors_that_were_just_made_are_the_ones_that_are_clustered(
    session: Session, tmp_path: Path
) -> None:
    session.dispatch("data.load", {"source": str(log(tmp_path / "l.jsonl", FRUIT))})
    table = np.eye(len(FRUIT), 4, dtype=np.float32)
    np.save(tmp_path / "mine.npy", table)
    session.dispatch("embed.run", {"model": "lexical"})
    session.dispatch("embed.import", {"path": str(tmp_path / "mine.npy"), "space": "mine"})
    session.dispatch("run.kmeans", {"k": 2})
    assert session.dispatch("run.show").data.space == "mine"
    session.dispatch("embed.run", {"model": "lexical"})
    session.dispatch("run.kmeans", {"k": 2})
    assert session.dispatch("run.show").data.space == "lexical-l"
    fresh = Session(session.folder, clock=lambda: NOW)
    fresh.dispatch("run.kmeans", {"k": 2})
    assert fresh.dispatch("run.show").data.space == "mine"
    fresh.close()
