"""The intruder test and the reconstruction by a language model, against a server on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors import copied, run_text
from tests.intents import intents
from tests.messages_server import KEY, MessagesServer, Seen, serving
from tests.naming import MODEL, rows, said

QUESTIONS = 9 * 2 * 2
"""Two line-ups and two queries for each of nine clusters."""


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return intents(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(labelled: Path, tmp_path: Path) -> Path:
    return copied(labelled, tmp_path / "w")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with serving() as running:
        running.answer = clever
        yield running


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def clever(seen: Seen) -> dict[str, Any]:
    """The query that shares fewest words with the others; the name that shares most with the query."""
    if queries := seen.block("queries"):
        shared = {
            one["n"]: sum(
                len(words(one["text"]) & words(other["text"])) for other in queries if other is not one
            )
            for one in queries
        }
        return {"common": "words", "intruder": min(shared, key=lambda n: shared[n])}
    (query,) = seen.block("query")
    best = max(seen.block("groups"), key=lambda group: len(words(group["title"]) & words(query["text"])))
    return {"group": best["n"]}


def line(server: MessagesServer, more: str = "items=2") -> str:
    return f"eval.run model={MODEL} base_url={server.url} concurrency=8 {more}"


def by_model(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in data["measures"] if MODEL in row["scope"]}


def test_a_model_that_sees_what_belongs_together_scores_one_and_a_blind_one_by_chance(
    folder: Path, server: MessagesServer
) -> None:
    good = by_model(said(folder, line(server)))
    assert good["intruder"]["value"] == 1
    assert good["reconstruction@1"]["value"] == 1
    assert (good["intruder"]["n"], good["reconstruction@1"]["n"]) == (18, 18)
    assert len(server.completed) == QUESTIONS
    server.answer = lambda seen: {"intruder": 3} if seen.block("queries") else {"group": 3}
    bad = by_model(said(folder, line(server, "items=2 seed=7")))
    assert bad["intruder"]["low"] < 1 / 6 < bad["intruder"]["high"]
    assert bad["reconstruction@1"]["low"] < 1 / 9 < bad["reconstruction@1"]["high"]


def test_the_texts_of_chats_are_data(folder: Path, server: MessagesServer) -> None:
    said(folder, line(server, "items=1"))
    assert len({seen.system for seen in server.seen}) == 2
    assert all("bake bread" not in seen.system for seen in server.seen)
    assert all(seen.user.count("</queries>") <= 1 for seen in server.seen)


def test_nothing_is_paid_twice_and_a_dry_run_tells_what_is_left(folder: Path, server: MessagesServer) -> None:
    planned = said(folder, line(server), dry=True)
    assert (planned["questions"], planned["calls"], planned["from_journal"]) == (QUESTIONS, QUESTIONS, 0)
    assert 0 < planned["cost_low"] < planned["cost_high"]
    assert server.seen == []
    part = said(folder, line(server, "items=2 max_calls=10"))
    assert len(server.completed) == 10
    assert any(note.startswith(f"10 of {QUESTIONS} questions") for note in part["notes"])
    assert said(folder, line(server), dry=True)["from_journal"] == 10
    whole = said(folder, line(server))
    assert len(server.completed) == QUESTIONS
    again = said(folder, line(server))
    assert len(server.completed) == QUESTIONS
    assert (again["measures"], again["notes"]) == (whole["measures"], whole["notes"])
    assert rows(folder, "SELECT DISTINCT purpose FROM llm_call") == [("evaluate",)]
    shown = said(folder, "eval.show")
    assert shown["parameters"]["model"] == MODEL
    assert KEY not in str(shown)


def test_a_model_without_a_key_or_a_price_is_refused_first(
    folder: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert run_text(folder, line(server)).error["code"] == "no_key"
    other = "eval.run model=anthropic/none-of-these max_cost=1"
    assert run_text(folder, other).error["code"] == "no_price"
    assert run_text(folder, "eval.run model=nonsense").error["code"] == "unknown_model"
    assert said(folder, "eval.list") == []
