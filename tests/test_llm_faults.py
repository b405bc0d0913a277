"""What a provider can do to a naming, and what the naming makes of it; and that a kill costs next to nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ActionError, Cancelled
from core.llm.pace import Pace
from core.lookup import find_run
from core.name import by_model
from core.name.order import new_order, prepare
from core.rows import SummaryMade
from tests.doors import command, copied, environment
from tests.messages_server import BILLED, KEY, Fault, MessagesServer, Seen, good_answer, serving
from tests.naming import MODEL, named, opened, quick, resumed, rows, said
from tests.shared_data import ROOT


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with serving() as running:
        yield running


def first_time(fault: Fault):  # type: ignore[no-untyped-def]
    """A choice that gives the fault the first time that a prompt is asked."""
    asked: set[str] = set()

    def choose(_: int, seen: Seen) -> Fault | None:
        # What is asked again has a complaint behind the same members.
        key = "\n".join(seen.members)
        if key in asked:
            return None
        asked.add(key)
        return fault

    return choose


def statuses(folder: Path) -> Counter[str]:
    return Counter(row[0] for row in rows(folder, "SELECT status FROM llm_call"))


def all_named(folder: Path, made: SummaryMade) -> None:
    assert (made.status, made.failed, made.pending) == ("done", 0, 0)
    assert rows(folder, "SELECT count(*) FROM summary WHERE reason <> '' AND status = 'named'") == [(6,)]


PASSING = {
    "429": Fault("status", 429, "slow down"),
    "429 and a time": Fault("status", 429, "slow down", retry_after="0.05"),
    "529": Fault("status", 529, "overloaded"),
    "500": Fault("status", 500),
    "503": Fault("status", 503),
    "timeout": Fault("timeout", seconds=1.5),
    "cut": Fault("cut"),
    "malformed": Fault("malformed"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_is_tried_again(fault: Fault, own_workspace: Path, server: MessagesServer) -> None:
    server.choose = first_time(fault)
    made = named(own_workspace, server, timeout=0.5)
    all_named(own_workspace, made)
    assert made.calls == len(server.seen) == 12
    assert len(server.completed) == 6
    kept = statuses(own_workspace)
    assert kept["answered"] == 6
    assert sum(kept.values()) == 12


def test_the_time_that_a_provider_asks_for_holds_for_every_call(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda n, _: Fault("status", 429, retry_after="0.6") if n == 0 else None
    all_named(own_workspace, named(own_workspace, server, concurrency=1))
    first, *rest = server.seen
    assert min(seen.came for seen in rest) - first.ended >= 0.6


@pytest.mark.parametrize("kind", ["cut_off", "wrong_types", "refusal", "empty", "text"])
def test_an_answer_that_cannot_be_used_is_asked_for_again_with_the_reason(
    kind: str, own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = first_time(Fault(kind))
    all_named(own_workspace, named(own_workspace, server))
    assert len(server.completed) == 12
    again = [seen for seen in server.seen if "could not be used" in seen.user]
    assert len(again) == 6
    for seen in again:
        assert (seen.body["max_tokens"] == 2000) == (kind == "cut_off")
    assert rows(own_workspace, "SELECT DISTINCT attempt FROM summary WHERE reason <> ''") == [(1,)]


@pytest.mark.parametrize("kind", ["bad_ids", "no_ids"])
def test_claims_without_support_are_asked_again_once_then_kept_and_marked(
    kind: str, own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, seen: Fault(kind) if "python" in seen.members[0] else first(_, seen)
    first = first_time(Fault(kind))
    made = named(own_workspace, server)
    assert (made.status, made.unsupported, made.failed) == ("done", 1, 0)
    assert len(server.completed) == 12
    marked = rows(
        own_workspace, "SELECT problem, cited, title, form FROM summary WHERE status = 'unsupported'"
    )
    assert len(marked) == 1
    problem, cited, title, form = marked[0]
    assert ("900, 901" in problem) == (kind == "bad_ids")
    assert len(json.loads(cited)) == (kind == "bad_ids")
    assert title
    assert form == "topic"


@pytest.mark.parametrize("kind", ["refusal", "wrong_types", "500"])
def test_a_cluster_that_fails_for_good_is_marked_keeps_its_name_and_holds_up_nobody(
    kind: str, own_workspace: Path, server: MessagesServer
) -> None:
    local = dict(rows(own_workspace, "SELECT cluster, title FROM summary"))
    victim: list[str] = []

    def choose(_: int, seen: Seen) -> Fault | None:
        victim[:] = victim or seen.members
        return (Fault("status") if kind == "500" else Fault(kind)) if seen.members == victim else None

    server.choose = choose
    made = named(own_workspace, server, alias="some", backoff=quick(3))
    assert (made.status, made.failed, made.pending) == ("partial", 1, 0)
    failed = rows(
        own_workspace,
        "SELECT m.cluster, m.title, m.problem, m.coherence FROM summary m JOIN summary_set s ON s.id = m.summary_set_id"
        " WHERE s.alias = 'some' AND m.status = 'failed'",
    )
    assert [(row[1], row[3]) for row in failed] == [(local[failed[0][0]], None)]
    assert failed[0][2]
    asked = [seen for seen in server.seen if seen.members == victim]
    assert len(asked) == 3
    server.choose = lambda _, __: None
    before = len(server.seen)
    done = resumed(own_workspace, "some")
    assert (done.status, done.failed, done.calls) == ("done", 0, 1)
    assert len(server.seen) == before + 1
    assert rows(own_workspace, "SELECT count(*) FROM summary WHERE reason <> ''") == [(6,)]


REFUSED = {
    "400": Fault("status", 400, "max_tokens: must be less"),
    "401": Fault("status", 401, "invalid x-api-key"),
    "403": Fault("status", 403, "not allowed here"),
    "404": Fault("status", 404, "model: claude-x"),
    "credit": Fault("status", 400, "Your credit balance is too low"),
}


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED)
def test_what_will_not_pass_fails_at_once_with_the_providers_words(
    fault: Fault, own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, __: fault
    with pytest.raises(ActionError) as caught:
        named(own_workspace, server, concurrency=2)
    assert caught.value.code == "provider_refused"
    assert fault.message in caught.value.message
    assert len(server.seen) <= 2
    assert rows(own_workspace, "SELECT count(*) FROM summary_set") == [(1,)]


def test_credit_that_runs_out_keeps_what_was_paid_and_the_same_command_goes_on(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda n, _: Fault("status", 402, "credit balance is used up") if n >= 3 else None
    made = named(own_workspace, server, concurrency=1)
    assert (made.status, made.pending, made.failed) == ("partial", 3, 0)
    assert "credit balance is used up" in (made.stopped or "")
    assert len(server.seen) == 4
    server.choose = lambda _, __: None
    all_named(own_workspace, resumed(own_workspace))
    assert len(server.completed) == 6


def test_one_request_that_is_refused_for_what_it_holds_fails_alone(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda n, _: Fault("status", 400, "prompt is too long") if n == 2 else None
    made = named(own_workspace, server, concurrency=1)
    assert (made.status, made.failed, made.pending) == ("partial", 1, 0)
    assert len(server.seen) == 6


def test_two_clusters_of_the_same_texts_are_paid_once(own_workspace: Path, server: MessagesServer) -> None:
    server.seconds = 0.05
    session = opened(own_workspace)
    with session.workspace.connection():
        run = find_run(session.workspace, session.view.run)
        order = new_order(run, MODEL, server.url, None, 8, 4)
        work = prepare(session, run, order, Pace())
        twice = replace(
            work,
            shown=(*work.shown[:-1], replace(work.shown[0], cluster=work.shown[-1].cluster)),
            members=(*work.members[:-1], work.members[0]),
            questions=(*work.questions[:-1], work.questions[0]),
        )
        made = by_model.create(session, twice, Pace(concurrency=6), "")
    assert (made.status, made.calls, len(server.seen)) == ("done", 5, 5)


def test_a_provider_that_only_fails_is_given_up(own_workspace: Path, server: MessagesServer) -> None:
    server.choose = lambda _, __: Fault("status", 529, "overloaded")
    with pytest.raises(ActionError) as caught:
        named(own_workspace, server, concurrency=8, backoff=quick(50))
    assert caught.value.code == "provider_failed"
    assert "overloaded" in caught.value.message
    assert 30 <= len(server.seen) <= 38


def test_every_answer_is_on_disk_before_it_is_read(
    own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.llm.provider import Client

    read = Client.read
    held: list[bool] = []

    def reading(_self, body, _schema):  # type: ignore[no-untyped-def]
        held.append(rows(own_workspace, "SELECT 1 FROM llm_call WHERE response = ?", body) != [])
        raise MemoryError("struck down while reading")

    monkeypatch.setattr(Client, "read", reading)
    with pytest.raises(MemoryError):
        named(own_workspace, server, concurrency=1)
    assert held == [True]
    monkeypatch.setattr(Client, "read", read)
    before = len(server.completed)
    made = named(own_workspace, server)
    assert made.calls == 6 - before
    assert len(server.completed) == 6


def test_what_is_journaled_is_raw(own_workspace: Path, server: MessagesServer) -> None:
    server.choose = lambda n, _: Fault("malformed") if n == 1 else None
    named(own_workspace, server, concurrency=1)
    kept = rows(
        own_workspace,
        "SELECT request, response, status, tokens_in, tokens_out, cost, latency, endpoint, purpose FROM llm_call",
    )
    assert len(kept) == 7
    by_request = {json.dumps(seen.body, sort_keys=True) for seen in server.seen}
    for request, response, status, tokens_in, tokens_out, cost, latency, endpoint, purpose in kept:
        assert json.dumps(json.loads(request), sort_keys=True) in by_request
        assert (endpoint, purpose) == (server.url, "name")
        assert latency >= 0
        if status == "answered":
            usage = json.loads(response)["usage"]
            assert (tokens_in, tokens_out) == (usage["input_tokens"], usage["output_tokens"])
            assert cost == pytest.approx((tokens_in + 5 * tokens_out) / 1e6)
        else:
            assert status == "garbled"
            assert response.startswith('{"id"')
            assert cost == 0


def test_a_job_that_is_stopped_keeps_what_was_answered(own_workspace: Path, server: MessagesServer) -> None:
    with pytest.raises(Cancelled):
        named(own_workspace, server, concurrency=1, cancelled=lambda: len(server.completed) >= 2)
    assert rows(own_workspace, "SELECT count(*) FROM summary_set") == [(1,)]
    paid = len(server.completed)
    assert 2 <= paid < 6
    made = named(own_workspace, server)
    assert made.calls == 6 - paid
    assert len({seen.asked for seen in server.completed}) == len(server.completed) == 6


def test_a_mixture_of_faults_ends_well_within_the_limits(own_workspace: Path, server: MessagesServer) -> None:
    chance = random.Random(3)
    kinds = [
        Fault("status", 429, retry_after="0.02"), Fault("status", 529), Fault("timeout", seconds=0.6), Fault("cut"),
        Fault("malformed"), *(Fault(kind) for kind in BILLED),
    ]  # fmt: skip
    server.choose = lambda _, __: chance.choice(kinds) if chance.random() < 0.4 else None
    calls = 0
    for examples in (3, 4, 5, 6, 7, 8):
        before = len(server.seen)
        made = named(
            own_workspace, server, examples=examples, timeout=0.3, concurrency=3, alias=str(examples)
        )
        calls += made.calls
        assert made.pending == 0
        assert made.status == ("partial" if made.failed else "done")
        assert len(server.seen) - before == made.calls
    assert server.most_at_once <= 3
    billed = [seen.asked for seen in server.completed]
    assert len(billed) == len(set(billed)), "an answer was paid twice"
    kept = statuses(own_workspace)
    assert kept["answered"] == len(billed)
    assert sum(kept.values()) == calls == len(server.seen)


def test_the_same_answers_make_the_same_names_in_whatever_order_they_come(
    fixture_workspace: Path, tmp_path: Path, server: MessagesServer
) -> None:
    found = []
    chance = random.Random(5)

    def slowly(seen: Seen) -> dict[str, object]:
        time.sleep(chance.random() / 20)
        return good_answer(seen)

    server.answer = slowly
    for n, concurrency in enumerate((1, 6)):
        folder = copied(fixture_workspace, tmp_path / str(n))
        said(
            folder, f"summary.create model={MODEL} base_url={server.url} concurrency={concurrency} examples=5"
        )
        found.append(rows(folder, "SELECT * FROM summary ORDER BY summary_set_id, cluster"))
    assert found[0] == found[1]


def killed_at(folder: Path, server: MessagesServer, home: Path, answers: int, more: tuple[str, ...]) -> bool:
    """Start a naming in a process and kill it when the server has given so many answers; whether it was still at work."""
    words = ("do", "summary.create", f"model={MODEL}", f"base_url={server.url}", *more, "--workspace", folder)
    process = subprocess.Popen(
        command(*words),
        cwd=ROOT,
        env=environment(home, ANTHROPIC_API_KEY=KEY),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while len(server.completed) < answers and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    working = process.poll() is None
    if working:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    return working


def test_a_kill_pays_at_most_for_what_was_under_way(
    own_workspace: Path, server: MessagesServer, tmp_path: Path
) -> None:
    server.seconds = 0.05
    chance = random.Random(7)
    kills, at_once = 0, 2
    for examples in (4, 6):
        more = (f"examples={examples}", f"concurrency={at_once}")
        start = len(server.completed)
        for answers in (1, chance.randint(2, 3), 5):
            kills += killed_at(own_workspace, server, tmp_path, start + answers, more)
        said(own_workspace, f"summary.create model={MODEL} base_url={server.url} {' '.join(more)}")
    assert kills >= 3
    prompts = {seen.asked for seen in server.completed}
    assert len(prompts) == 12
    assert len(server.completed) <= 12 + kills * at_once
    # No prompt whose answer was on disk was sent again: it was answered at most once more than there were kills.
    journaled = [
        row[0] for row in rows(own_workspace, "SELECT request FROM llm_call WHERE status = 'answered'")
    ]
    assert len(journaled) == len(set(journaled)) == 12
    before = len(server.seen)
    again = said(own_workspace, f"summary.create model={MODEL} base_url={server.url} examples=4")
    assert (again["calls"], len(server.seen)) == (0, before)


@pytest.mark.slow
def test_twenty_kills_at_random_times(own_workspace: Path, server: MessagesServer, tmp_path: Path) -> None:
    server.seconds = 0.03
    chance = random.Random(11)
    kills = rounds = 0
    while kills < 20:
        more = (f"examples={3 + rounds}", "concurrency=3")
        start = len(server.completed)
        rounds += 1
        for answers in sorted(chance.sample(range(1, 6), 3)):
            kills += killed_at(own_workspace, server, tmp_path, start + answers, more)
        said(own_workspace, f"summary.create model={MODEL} base_url={server.url} {' '.join(more)}")
    prompts = {seen.asked for seen in server.completed}
    print(f"{kills} kills, {len(prompts)} prompts, {len(server.completed)} answers paid")
    assert len(server.completed) <= len(prompts) + kills * 3
    assert rows(own_workspace, "SELECT count(*) FROM llm_call WHERE status = 'answered'") == [(len(prompts),)]
