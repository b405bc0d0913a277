"""Names by Message Batches: sent, left, fetched later, and never paid twice, whatever is killed or lost between."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.llm import batch_caller, batch_work
from core.llm.limits import Backoff
from db import migrations
from lmsys_tui.script import Options
from tests.doors import NOW, Ran, command, copied, environment, only_full, run_text
from tests.messages_server import KEY, Fault, MessagesServer, Seen, closed_port, good_answer, serving
from tests.naming import MODEL, rows, said
from tests.shared_data import ROOT


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr(batch_work, "FIRST_POLL", 0.05)
    monkeypatch.setattr("core.llm.asking._backoff", quick)
    monkeypatch.setattr("core.llm.batch_work.Backoff", lambda: quick(0))
    with serving() as running:
        yield running


def quick(seed: int) -> Backoff:
    """Waits that a test can wait for."""
    return Backoff(tries=4, base=0.01, cap=0.05, random=random.Random(seed))


def line(server: MessagesServer, more: str = "", batch: bool = True) -> str:
    words = f"summary.create model={MODEL} base_url={server.url} examples=8"
    return f"{words} batch={str(batch).lower()} {more}"


def first_time(fault: Fault, which: str = "") -> Any:
    """The fault the first time that a prompt is asked; with `which`, of those whose members hold it alone."""
    asked: set[str] = set()

    def choose(_: int, seen: Seen) -> Fault | None:
        key = "\n".join(seen.members)
        if key in asked or which not in key:
            return None
        asked.add(key)
        return fault

    return choose


def names(folder: Path) -> list[tuple[Any, ...]]:
    """The names of the newest set, all of them."""
    return rows(
        folder,
        "SELECT cluster, title, description, form, coherence, phrases, cited, reason, status, problem, prompt_hash, attempt"
        " FROM summary WHERE summary_set_id = (SELECT max(id) FROM summary_set) ORDER BY cluster",
    )


def sets(folder: Path) -> int:
    return int(rows(folder, "SELECT count(*) FROM summary_set")[0][0])


def test_what_is_sent_is_left_and_fetched_later(own_workspace: Path, server: MessagesServer) -> None:
    sent = said(own_workspace, line(server))
    assert (sent["status"], sent["requests"], sent["done"], sent["cost"]) == ("submitted", 6, 0, 0.0)
    assert (sent["since"], sent["stopped"], sent["purpose"]) == (NOW, None, "name")
    assert "batch.list" in sent["hint"]
    assert sets(own_workspace) == 1
    still = said(own_workspace, line(server))
    assert (still["status"], still["batches"]) == ("in_progress", sent["batches"])
    assert not server.seen
    assert server.batches.calls.count("POST") == 1
    server.batches.end()
    made = said(own_workspace, line(server))
    assert (made["status"], made["clusters"], made["calls"], made["failed"]) == ("done", 6, 6, 0)
    assert [row[8] for row in names(own_workspace)] == ["named"] * 6
    assert server.batches.calls.count("POST") == 1
    assert len(server.batches.requests) == 6
    spent = rows(
        own_workspace,
        "SELECT sum(cost), sum(tokens_in), sum(tokens_out) FROM llm_call WHERE status = 'answered'",
    )
    cost, tokens_in, tokens_out = spent[0]
    assert cost == pytest.approx((tokens_in + 5 * tokens_out) / 2e6)
    assert made["cost"] == pytest.approx(cost, abs=1e-5)


def test_the_same_again_sends_nothing_by_batch_or_directly(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.batches.at_once = True
    said(own_workspace, line(server))
    first = said(own_workspace, line(server))
    calls = len(server.batches.calls)
    again = said(own_workspace, line(server, "alias=again"))
    direct = said(own_workspace, line(server, "alias=direct", batch=False))
    assert (first["calls"], again["calls"], direct["calls"], direct["cost"]) == (6, 0, 0, 0.0)
    assert (again["cost"], len(server.batches.calls)) == (0.0, calls)
    assert len(server.seen) == 6


def test_batches_and_direct_calls_make_the_same_names(
    fixture_workspace: Path, tmp_path: Path, server: MessagesServer
) -> None:
    found = []
    for way in ("direct", "batch"):
        folder = copied(fixture_workspace, tmp_path / way)
        server.choose = first_time(Fault("bad_ids"), "python")
        said(folder, line(server, f"wait={str(way == 'batch').lower()}", batch=way == "batch"))
        while way == "batch" and sets(folder) == 1:
            server.batches.end()
            said(folder, line(server))
        found.append((names(folder), rows(folder, "SELECT request FROM llm_call ORDER BY request")))
        server.batches.at_once = True
    assert found[0] == found[1]


def test_it_stays_until_it_is_done_when_it_is_told_to_wait(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.batches.at_once = True
    server.choose = first_time(Fault("refusal"))
    made = said(own_workspace, line(server, "wait=true"))
    assert (made["status"], made["calls"], made["failed"]) == ("done", 12, 0)
    assert server.batches.calls.count("POST") == 2


FAULTS = {
    "refusal": ("refusal", 1), "cut off": ("cut_off", 1), "bad ids": ("bad_ids", 1), "empty": ("empty", 1),
    "text": ("text", 1), "wrong types": ("wrong_types", 1), "expired": ("expired", 0), "canceled": ("canceled", 0),
    "malformed": ("malformed", 0),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "attempt"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_used_is_asked_again_in_the_next_batch(
    kind: str, attempt: int, own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = first_time(Fault(kind), "python")
    said(own_workspace, line(server))
    server.batches.end()
    again = said(own_workspace, line(server))
    assert (again["status"], again["requests"], again["done"]) == (
        "submitted", 6 + (kind != "canceled"), 5 + (attempt == 1),
    )  # fmt: skip
    assert [len(batch.requests) for batch in server.batches.made] == [6, 1]
    assert ("could not be used" in server.batches.requests[-1]) == (attempt == 1)
    server.batches.end()
    made = said(own_workspace, line(server))
    assert (made["status"], made["failed"], made["unsupported"]) == ("done", 0, 0)
    assert sorted(row[11] for row in names(own_workspace)) == [0] * 5 + [attempt]
    kept = dict(rows(own_workspace, "SELECT status, count(*) FROM llm_call GROUP BY status"))
    assert kept.pop("answered") == 6 + attempt
    assert kept == ({} if attempt else {{"malformed": "garbled"}.get(kind, kind): 1})


def test_passing_errors_of_requests_are_asked_again_and_given_up_in_the_end(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, seen: Fault("status", 529, "busy") if "python" in seen.user else None
    for _ in range(3):
        assert said(own_workspace, line(server))["status"] in ("submitted", "in_progress")
        server.batches.end()
    made = said(own_workspace, line(server))
    failing = sum("python" in seen.user for seen in server.seen) // 3
    assert (made["status"], made["failed"], made["pending"]) == ("partial", failing, 0)
    assert [len(batch.requests) for batch in server.batches.made] == [6, failing, failing]
    assert {row[9] for row in names(own_workspace) if row[8] == "failed"} == {"overloaded_error: busy"}
    server.choose = lambda _, __: None
    said(own_workspace, "summary.resume batch=true")
    server.batches.end()
    done = said(own_workspace, "summary.resume batch=true")
    assert (done["status"], done["calls"], done["failed"]) == ("done", failing, 0)


def test_a_request_that_is_refused_for_what_it_holds_fails_alone_and_at_once(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda n, _: Fault("status", 400, "prompt is too long") if n == 2 else None
    said(own_workspace, line(server))
    server.batches.end()
    made = said(own_workspace, line(server))
    assert (made["status"], made["failed"], made["pending"]) == ("partial", 1, 0)
    assert server.batches.calls.count("POST") == 1


def test_a_provider_that_refuses_every_request_is_told_and_may_be_asked_anew(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, __: Fault("status", 402, "no credit left")
    said(own_workspace, line(server))
    server.batches.end()
    ran = run_text(own_workspace, line(server))
    assert (ran.code, ran.error["code"]) == (1, "provider_refused")
    assert "no credit left" in ran.error["message"]
    assert sets(own_workspace) == 1
    server.choose = lambda _, __: None
    assert said(own_workspace, line(server))["status"] == "submitted"
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"


@pytest.mark.parametrize(("status", "words"), [(401, "invalid x-api-key"), (400, "requests: too odd")])
def test_what_will_not_pass_fails_at_once_with_the_providers_words(
    status: int, words: str, own_workspace: Path, server: MessagesServer
) -> None:
    server.batches.choose = lambda _, what: Fault("status", status, words) if what == "POST" else None
    ran = run_text(own_workspace, line(server))
    assert (ran.code, ran.error["code"]) == (1, "provider_refused")
    assert words in ran.error["message"]
    assert server.batches.calls == ["GET", "POST"]
    assert said(own_workspace, "batch.list") == []
    server.batches.choose = lambda _, __: None
    assert said(own_workspace, line(server))["status"] == "submitted"


PASSING = {
    "429": Fault("status", 429, retry_after="0.01"), "529": Fault("status", 529), "500": Fault("status", 500),
    "cut": Fault("cut"), "malformed": Fault("malformed"),
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_on_the_way_is_tried_again_and_nothing_is_sent_twice(
    fault: Fault, own_workspace: Path, server: MessagesServer
) -> None:
    met: set[str] = set()

    def choose(_: int, what: str) -> Fault | None:
        if what in met:
            return None
        met.add(what)
        return fault

    server.batches.choose = choose
    sent = said(own_workspace, line(server))
    assert sent["status"] == "submitted"
    assert len(server.batches.made) == 1
    server.batches.end()
    made = said(own_workspace, line(server))
    assert (made["status"], made["calls"]) == ("done", 6)
    assert met == {"GET", "POST", "GET ID", "GET ID/results"}
    assert len(server.batches.made) == 1
    assert len(server.seen) == 6


def test_a_provider_that_is_not_there_is_named(own_workspace: Path, server: MessagesServer) -> None:
    where = f"http://127.0.0.1:{closed_port()}"
    ran = run_text(own_workspace, line(server).replace(server.url, where))
    assert (ran.code, ran.error["code"]) == (1, "provider_unreachable")
    assert said(own_workspace, "batch.list") == []


@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "ollama/qwen", "Qwen/Any", "local"])
@pytest.mark.parametrize("dry", [False, True])
def test_other_providers_take_no_batches(
    model: str, dry: bool, own_workspace: Path, server: MessagesServer
) -> None:
    words = f"summary.create model={model} base_url={server.url}/v1 batch=true"
    ran = run_text(own_workspace, words, options=Options(dry_run=dry))
    assert (ran.code, ran.error["code"]) == (1, "no_batch")
    assert ran.error["hint"]
    assert not server.seen and not server.batches.calls


def started(folder: Path, home: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("do", *words, "--workspace", folder),
        cwd=ROOT,
        env=environment(home, ANTHROPIC_API_KEY=KEY),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def killed_when(process: subprocess.Popen[bytes], reached: Any) -> None:
    deadline = time.monotonic() + 60
    while not reached() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.mark.parametrize("lag", [0, 2])
def test_a_kill_between_the_sending_and_its_receipt_costs_nothing(
    lag: int, own_workspace: Path, server: MessagesServer, tmp_path: Path
) -> None:
    server.batches.choose = lambda _, what: Fault("timeout", seconds=2) if what == "POST" else None
    process = started(own_workspace, tmp_path, *line(server).split())
    killed_when(process, lambda: server.batches.made)
    (intended,) = said(own_workspace, "batch.list")
    assert (intended["status"], intended["provider_id"], intended["waiting"]) == ("intended", None, 6)
    server.batches.choose = lambda _, __: None
    server.batches.lag = lag
    found = said(own_workspace, line(server))
    assert (found["status"], found["requests"]) == ("in_progress", 6)
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"
    assert len(server.batches.made) == 1
    assert len(server.seen) == 6


def test_a_kill_before_the_sending_is_sent_by_the_next(
    own_workspace: Path, server: MessagesServer, tmp_path: Path
) -> None:
    # What the server refuses it does not make; the client waits to try again, and is killed.
    server.batches.choose = lambda _, what: Fault("status", 429, retry_after="60") if what == "POST" else None
    process = started(own_workspace, tmp_path, *line(server).split())
    killed_when(process, lambda: "POST" in server.batches.calls)
    server.batches.choose = lambda _, __: None
    assert said(own_workspace, line(server))["status"] == "submitted"
    assert len(server.batches.made) == 1
    assert [row["status"] for row in said(own_workspace, "batch.list")] == ["in_progress"]


def test_a_batch_of_somebody_else_is_not_taken_for_a_lost_one(
    fixture_workspace: Path, tmp_path: Path, server: MessagesServer
) -> None:
    mine, other = copied(fixture_workspace, tmp_path / "mine"), copied(fixture_workspace, tmp_path / "other")
    process = started(mine, tmp_path, *line(server).split())
    server.batches.choose = lambda _, what: Fault("status", 429, retry_after="60") if what == "POST" else None
    killed_when(process, lambda: "POST" in server.batches.calls)
    server.batches.choose = lambda _, __: None
    # As many requests, and newer; but other questions.
    said(other, line(server).replace("examples=8", "examples=5"))
    guessed = said(mine, line(server))
    assert guessed["status"] == "in_progress"
    server.batches.end()
    sent = said(mine, line(server))
    assert sent["status"] == "submitted"
    server.batches.end()
    assert said(mine, line(server))["status"] == "done"
    assert said(other, line(server).replace("examples=8", "examples=5"))["status"] == "done"
    assert len(server.batches.requests) == len(set(server.batches.requests)) == 12


def test_a_kill_while_answers_are_fetched_loses_none(
    own_workspace: Path, server: MessagesServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(own_workspace, line(server))
    server.batches.end()
    server.batches.choose = lambda _, what: Fault("timeout", seconds=2) if what.endswith("results") else None
    process = started(own_workspace, tmp_path, "batch.collect")
    killed_when(process, lambda: "GET ID/results" in server.batches.calls)
    server.batches.choose = lambda _, __: None
    monkeypatch.setattr("core.llm.batch_desk.CHUNK", 2)
    taken: list[int] = []

    def take(*arguments: Any) -> None:
        if len(taken) == 2:
            raise MemoryError("struck down")
        taken.append(len(arguments[2]))
        real(*arguments)

    real = batch_caller.llm_batch.take
    monkeypatch.setattr("core.llm.batch_desk.llm_batch.take", take)
    assert run_text(own_workspace, line(server)).error["code"] == "bug"
    assert rows(own_workspace, "SELECT count(*) FROM llm_call") == [(4,)]
    monkeypatch.setattr("core.llm.batch_desk.llm_batch.take", real)
    made = said(own_workspace, line(server))
    assert (made["status"], made["calls"]) == ("done", 6)
    assert rows(own_workspace, "SELECT count(*) FROM llm_call") == [(6,)]
    assert len(server.batches.requests) == 6


def test_answers_are_on_disk_before_they_are_read(
    own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.llm.provider import Client

    said(own_workspace, line(server))
    server.batches.end()

    def reading(*_: Any) -> None:
        raise MemoryError("struck down while reading")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "read", reading)
        assert run_text(own_workspace, line(server)).error["code"] == "bug"
    kept = rows(own_workspace, "SELECT response, request, latency, purpose, endpoint FROM llm_call")
    assert len(kept) == 6
    sent = set(server.batches.requests)
    for response, request, latency, purpose, endpoint in kept:
        assert json.loads(response)["type"] == "message"
        assert request in sent
        assert (latency, purpose, endpoint) == (420.0, "name", server.url)
    assert rows(own_workspace, "SELECT DISTINCT request FROM llm_batch_item") == [("",)]


def test_batches_are_listed_fetched_and_tell_who_made_them(
    own_workspace: Path, server: MessagesServer
) -> None:
    sent = said(own_workspace, line(server))
    (row,) = said(own_workspace, "batch.list")
    assert [row["batch"]] == sent["batches"]
    assert (row["status"], row["requests"], row["waiting"], row["answered"]) == ("in_progress", 6, 6, 0)
    assert (row["provider_id"], row["submitted_at"], row["ended_at"]) == ("msgbatch_0001", NOW, None)
    made_by = json.loads(row["command"])
    assert made_by["action"] == "summary.create"
    assert made_by["params"]["batch"] is True
    (told,) = said(own_workspace, "batch.collect", dry=True)
    assert told["status"] == "in_progress"
    assert said(own_workspace, "batch.collect") == [row]
    server.batches.end()
    (told,) = said(own_workspace, "batch.collect", dry=True)
    assert (told["status"], told["waiting"]) == ("ended", 6)
    assert not rows(own_workspace, "SELECT 1 FROM llm_call")
    (fetched,) = said(own_workspace, f"batch.collect batch={row['batch']}")
    assert (fetched["status"], fetched["answered"], fetched["waiting"]) == ("ended", 6, 0)
    assert fetched["cost"] > 0
    assert fetched["ended_at"] == NOW
    calls = len(server.batches.calls)
    assert said(own_workspace, "batch.collect") == []
    direct = said(own_workspace, line(server, batch=False))
    assert (direct["status"], direct["calls"]) == ("done", 0)
    assert len(server.batches.calls) == calls
    assert run_text(own_workspace, "batch.collect batch=none").error["code"] == "unknown_batch"


def test_the_line_that_made_a_batch_goes_on_with_it(own_workspace: Path, server: MessagesServer) -> None:
    said(own_workspace, line(server, "alias=mine"))
    server.batches.end()
    (row,) = said(own_workspace, "batch.list")
    made = said(own_workspace, row["command"])
    assert made["status"] == "done"
    assert "mine" in {row["alias"] for row in said(own_workspace, "summary.list")}


def test_a_direct_run_does_not_pay_for_what_a_batch_will_answer(
    own_workspace: Path, server: MessagesServer
) -> None:
    sent = said(own_workspace, line(server))
    ran = run_text(own_workspace, line(server, batch=False))
    assert (ran.code, ran.error["code"]) == (1, "in_batch")
    assert sent["batches"][0] in ran.error["message"]
    assert not server.seen
    told = said(own_workspace, line(server), dry=True)
    assert (told["calls"], told["in_batch"], told["from_journal"]) == (0, 6, 0)


def test_a_cancelled_batch_keeps_what_was_answered(own_workspace: Path, server: MessagesServer) -> None:
    sent = said(own_workspace, line(server))
    server.batches.made[0].answered = 2
    (name,) = sent["batches"]
    (told,) = said(own_workspace, f"batch.cancel batch={name}", dry=True)
    assert told["status"] == "in_progress"
    row = said(own_workspace, f"batch.cancel batch={name}")
    assert row["status"] == "canceling"
    server.batches.end()
    (row,) = said(own_workspace, "batch.collect")
    assert (row["status"], row["answered"], row["failed"]) == ("ended", 2, 4)
    assert run_text(own_workspace, f"batch.cancel batch={name}").error["code"] == "batch_ended"
    direct = said(own_workspace, line(server, batch=False))
    assert (direct["status"], direct["calls"]) == ("done", 4)
    assert len(server.completed) == 6


def test_after_a_cancel_the_same_command_asks_the_rest_again(
    own_workspace: Path, server: MessagesServer
) -> None:
    sent = said(own_workspace, line(server, "max_calls=6"))
    said(own_workspace, f"batch.cancel batch={sent['batches'][0]}")
    server.batches.end()
    again = said(own_workspace, line(server, "max_calls=6"))
    assert (again["status"], again["requests"]) == ("submitted", 6)
    server.batches.end()
    assert said(own_workspace, line(server, "max_calls=6"))["status"] == "done"


def test_a_batch_that_the_provider_does_not_know_is_told_and_given_up_on_demand(
    own_workspace: Path, server: MessagesServer
) -> None:
    sent = said(own_workspace, line(server))
    server.batches.made.clear()
    for words in (line(server), "batch.collect"):
        ran = run_text(own_workspace, words)
        assert (ran.code, ran.error["code"]) == (1, "batch_gone")
        assert "batch.cancel" in ran.error["hint"]
    said(own_workspace, f"batch.cancel batch={sent['batches'][0]}")
    assert said(own_workspace, line(server))["status"] == "submitted"


def test_results_that_are_not_kept_any_more_are_asked_for_anew(
    own_workspace: Path, server: MessagesServer
) -> None:
    said(own_workspace, line(server))
    server.batches.end()
    server.batches.made[0].archived = True
    assert said(own_workspace, line(server))["status"] == "submitted"
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"


def test_a_dry_run_tells_the_same_calls_for_half_the_price(
    own_workspace: Path, server: MessagesServer
) -> None:
    direct = said(own_workspace, line(server, batch=False), dry=True)
    batch = said(own_workspace, line(server), dry=True)
    for name in ("calls", "tokens_in", "tokens_out", "clusters"):
        assert batch[name] == direct[name]
    assert batch["cost_high"] == pytest.approx(direct["cost_high"] / 2, abs=1e-6)
    assert not server.batches.calls
    said(own_workspace, line(server))
    server.batches.end()
    made = said(own_workspace, line(server))
    assert made["calls"] == batch["calls"]
    assert batch["cost_low"] < made["cost"] < batch["cost_high"]


def test_calls_are_bounded_over_all_the_commands_of_the_work(
    own_workspace: Path, server: MessagesServer
) -> None:
    sent = said(own_workspace, line(server, "max_calls=2 alias=part"))
    assert sent["requests"] == 2
    assert "max_calls=2" in sent["stopped"]
    assert said(own_workspace, line(server, "max_calls=2 alias=part"))["requests"] == 2
    server.batches.end()
    part = said(own_workspace, line(server, "max_calls=2 alias=part"))
    assert (part["status"], part["pending"], part["calls"]) == ("partial", 4, 2)
    said(own_workspace, "summary.resume batch=true set=part")
    server.batches.end()
    rest = said(own_workspace, "summary.resume batch=true set=part")
    assert (rest["status"], rest["pending"], rest["calls"]) == ("done", 0, 4)
    assert [len(batch.requests) for batch in server.batches.made] == [2, 4]


def test_a_cost_is_never_passed(own_workspace: Path, server: MessagesServer) -> None:
    # The high price is that of twelve answers as long as may be; each takes far less.
    most = said(own_workspace, line(server), dry=True)["cost_high"] / 7
    words = line(server, f"max_cost={most:.5f}")
    sent = said(own_workspace, words)
    assert sent["requests"] == 1
    assert "max_cost" in sent["stopped"]
    while sent["status"] in ("submitted", "in_progress"):
        server.batches.end()
        sent = said(own_workspace, words)
        assert sent["cost"] <= most
    assert (sent["status"], sent["calls"]) == ("partial", len(server.seen))
    assert 1 < sent["calls"] < 6
    assert "max_cost" in sent["stopped"]


def test_as_many_batches_are_sent_as_the_bounds_ask_for(
    own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_caller, "MOST_REQUESTS", 4)
    sent = said(own_workspace, line(server))
    assert [len(batch.requests) for batch in server.batches.made] == [4, 2]
    assert len(sent["batches"]) == 2
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"
    largest = max(len(one) for one in server.batches.requests)
    monkeypatch.setattr(batch_caller, "MOST_BYTES", 2 * largest)
    said(own_workspace, line(server).replace("examples=8", "examples=7"))
    assert len(server.batches.made) > 4
    assert max(len(json.dumps(batch.requests)) for batch in server.batches.made[2:]) <= 2 * largest + 200


def test_a_second_batch_that_is_refused_leaves_the_first_under_way(
    own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_caller, "MOST_REQUESTS", 4)
    refused = Fault("status", 402, "no credit left")
    server.batches.choose = lambda _, what: refused if what == "POST" and server.batches.made else None
    sent = said(own_workspace, line(server))
    assert (sent["status"], sent["requests"]) == ("submitted", 4)
    assert "no credit left" in sent["stopped"]
    server.batches.choose = lambda _, __: None
    assert said(own_workspace, line(server))["requests"] == 6
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"
    assert len(server.batches.requests) == 6


def test_two_sets_at_once_share_what_is_under_way(own_workspace: Path, server: MessagesServer) -> None:
    one = said(own_workspace, line(server, "alias=one"))
    two = said(own_workspace, line(server, "alias=two"))
    other = said(own_workspace, line(server, "alias=other").replace("examples=8", "examples=5"))
    assert one["batches"] == two["batches"] != other["batches"]
    server.batches.end()
    made = [said(own_workspace, line(server, f"alias={alias}")) for alias in ("two", "one")]
    assert [row["status"] for row in made] == ["done", "done"]
    assert (
        said(own_workspace, line(server, "alias=other").replace("examples=8", "examples=5"))["status"]
        == "done"
    )
    assert len(server.batches.requests) == len(set(server.batches.requests)) == 12
    assert {row["alias"] for row in said(own_workspace, "summary.list")} == {"", "one", "two", "other"}


@pytest.mark.parametrize("removal", ["run.delete run=@run yes=true", "data.clear dataset=@dataset yes=true"])
def test_chat_text_goes_with_its_data_and_the_answers_come_all_the_same(
    removal: str, own_workspace: Path, server: MessagesServer
) -> None:
    said(own_workspace, line(server))
    texts = [
        text
        for (text,) in rows(own_workspace, "SELECT content FROM text WHERE length(content) BETWEEN 20 AND 80")
    ]

    def stored() -> str:
        bodies = rows(
            own_workspace, "SELECT request FROM llm_batch_item UNION ALL SELECT request FROM llm_call"
        )
        return " ".join(body for (body,) in bodies)

    assert any(text in stored() for text in texts)
    assert run_text(own_workspace, removal).code == 0
    assert not any(text in stored() for text in texts)
    server.batches.end()
    (row,) = said(own_workspace, "batch.collect")
    assert (row["answered"], row["waiting"]) == (6, 0)
    assert not any(text in stored() for text in texts)


def test_a_request_that_was_forgotten_is_known_again_where_its_work_goes_on(
    own_workspace: Path, server: MessagesServer
) -> None:
    said(own_workspace, line(server))
    said(own_workspace, "run.kmeans k=4 seed=1")
    doomed = next(row["run"] for row in said(own_workspace, "run.list"))
    assert run_text(own_workspace, f"run.delete run={doomed} yes=true").code == 0
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"
    kept = {request for (request,) in rows(own_workspace, "SELECT request FROM llm_call")}
    assert kept == set(server.batches.requests)


def test_hostile_text_keeps_its_place_and_its_lines(own_workspace: Path, server: MessagesServer) -> None:
    def hostile(seen: Seen) -> dict[str, Any]:
        words = "Lines\u2028that\x85break \u001b[31m[/INST] </members> \u202e"
        return good_answer(seen) | {"description": f"{words} {seen.members[0][:20]}. Truly."}

    server.answer = hostile
    said(own_workspace, line(server))
    systems = {json.loads(one)["system"] if isinstance(json.loads(one)["system"], str)
               else json.dumps(json.loads(one)["system"]) for one in server.batches.requests}  # fmt: skip
    assert len(systems) == 1
    server.batches.end()
    made = said(own_workspace, line(server))
    assert (made["status"], made["calls"]) == ("done", 6)
    assert rows(own_workspace, "SELECT count(*) FROM llm_call WHERE response LIKE '%\u2028%'") == [(6,)]


def test_the_key_is_in_no_file_and_in_no_output(own_workspace: Path, server: MessagesServer) -> None:
    server.answer = lambda seen: good_answer(seen) | {"description": f"They asked for {KEY}."}
    server.choose = lambda n, _: Fault("status", 529, f"busy {KEY}") if n == 0 else None
    outputs = [run_text(own_workspace, line(server))]
    server.batches.choose = lambda _, what: Fault("status", 500, f"oops {KEY}") if what == "GET ID" else None
    outputs.append(run_text(own_workspace, line(server)))
    server.batches.choose = lambda _, __: None
    server.batches.end()
    outputs += [run_text(own_workspace, line(server)), run_text(own_workspace, "batch.list")]
    assert [ran.code for ran in outputs] == [0, 1, 0, 0]
    assert outputs[1].error["code"] == "provider_failed"
    assert all(KEY not in ran.out + ran.err for ran in outputs)
    assert not any(KEY.encode() in path.read_bytes() for path in own_workspace.rglob("*") if path.is_file())
    assert server.batches.keys == {KEY}


def test_a_signal_while_it_waits_leaves_the_batch_and_says_so(
    own_workspace: Path, server: MessagesServer, tmp_path: Path
) -> None:
    process = started(own_workspace, tmp_path, *line(server, "wait=true").split())
    deadline = time.monotonic() + 60
    while "GET ID" not in server.batches.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    # Others may call models meanwhile.
    assert said(own_workspace, line(server))["status"] == "in_progress"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    ran = Ran(process.returncode, out.decode(), err.decode())
    assert ran.code == 0, ran.err
    assert ran.rows[0]["data"]["status"] == "in_progress"
    server.batches.end()
    assert said(own_workspace, line(server))["status"] == "done"
    assert len(server.batches.made) == 1


def test_a_store_of_the_first_version_learns_of_batches(tmp_path: Path, server: MessagesServer) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with sqlite3.connect(folder / "workspace.db") as old:
        migrations.MIGRATIONS[0](old)
        old.execute("PRAGMA user_version = 1")
    old.close()
    assert said(folder, "batch.list") == []
    assert server.url


@only_full
@pytest.mark.slow
def test_twenty_kills_at_random_calls_pay_for_nothing_twice(
    own_workspace: Path, server: MessagesServer, tmp_path: Path
) -> None:
    chance = random.Random(11)
    server.batches.choose = lambda _, __: time.sleep(0.03)
    kills = rounds = 0
    while kills < 20:
        words = line(server, "wait=true").replace("examples=8", f"examples={3 + rounds}")
        rounds += 1
        for _ in range(3):
            start, reach = len(server.batches.calls), chance.randint(1, 4)
            process = started(own_workspace, tmp_path, *words.split())
            deadline = time.monotonic() + 60
            while len(server.batches.calls) < start + reach and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            kills += process.poll() is None
            process.kill()
            process.communicate(timeout=60)
            server.batches.end()
        server.batches.at_once = True
        assert said(own_workspace, words)["status"] == "done"
        server.batches.at_once = False
    paid = [seen.asked for seen in server.completed]
    print(
        f"{kills} kills, {len(set(paid))} prompts, {len(paid)} answers paid, {len(server.batches.made)} batches"
    )
    assert len(paid) == len(set(paid))
    assert rows(own_workspace, "SELECT count(*) FROM llm_call WHERE status = 'answered'") == [(len(paid),)]
    assert len(server.batches.requests) == len(set(server.batches.requests)) == len(paid)
