"""What a provider and a model can do to a tree, and that it is a valid tree in the end; that a kill costs next to nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ActionError, Cancelled
from core.hierarchy.clio_order import prepare
from core.hierarchy.clio_plan import plan
from core.hierarchy.rows import ClioMade
from db.invariants import violations
from tests.clio import dump, faulty, generated, request, tree, twisted
from tests.doors import copied, environment, only_full, run_text
from tests.messages_server import KEY, Fault, MessagesServer, Seen, good_answer, serving
from tests.naming import MODEL, opened, rows, said
from tests.shared_data import ROOT


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def five_hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("many") / "workspace", 500)


def answering(
    tool: str, change: Callable[[dict[str, Any], Seen], dict[str, Any]]
) -> Callable[[Seen], dict[str, Any]]:
    """Good answers, those of one step changed."""
    return lambda seen: change(good_answer(seen), seen) if seen.tool == tool else good_answer(seen)


def titles(folder: Path, kind: str = "theme") -> list[str]:
    found = rows(
        folder,
        "SELECT title FROM node WHERE kind = ? AND hierarchy_id = (SELECT max(id) FROM hierarchy)",
        kind,
    )
    return [row[0] for row in found]


def placings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in rows(folder, "SELECT placed FROM node_origin WHERE placed <> ''")]


def is_within_limits(
    folder: Path, server: MessagesServer, made: ClioMade, concurrency: int, a_second: int
) -> None:
    assert server.most_at_once <= concurrency
    assert server.most_within(1.0) <= a_second + 1
    assert made.calls == len(server.seen)
    kept = rows(folder, "SELECT prompt_hash, attempt, vote FROM llm_call WHERE status = 'answered'")
    assert len(kept) == len(set(kept))
    # On a busy machine a good answer may come after the client has gone.
    late = rows(folder, "SELECT count(*) FROM llm_call WHERE status = 'timeout'")[0][0]
    assert len(kept) <= len(server.completed) <= len(kept) + late, "an answer was paid twice"


def test_a_mixture_of_faults_ends_in_a_valid_tree_within_the_limits(
    own_sixty: Path, server: MessagesServer
) -> None:
    faulty(server, 0.2)
    made = tree(own_sixty, server, timeout=0.3, concurrency=4, rpm=3600)
    assert made.status in ("done", "partial")
    assert made.pending == 0
    is_within_limits(own_sixty, server, made, 4, 60)
    spoilt = len(server.seen) - sum(seen.fault is None for seen in server.seen)
    assert spoilt > 0.05 * len(server.seen)
    again = tree(own_sixty, server, timeout=0.3)
    if made.status == "done":
        assert again.calls == 0
        assert dump(own_sixty, again.hierarchy) == dump(own_sixty, made.hierarchy)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_hundred_clusters_with_a_fifth_of_faults(
    seed: int, five_hundred: Path, tmp_path: Path, server: MessagesServer
) -> None:
    folder = copied(five_hundred, tmp_path / "w")
    faulty(server, 0.2, seed)
    made = tree(folder, server, timeout=0.3, concurrency=6, rpm=6000)
    assert made.status in ("done", "partial")
    assert (made.pending, made.levels) == (0, 3)
    is_within_limits(folder, server, made, 6, 100)
    print(made, Counter(seen.fault.kind for seen in server.seen if seen.fault))


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"levels": 4, "width": 3}, {"levels": 2}])
def test_a_range_holds_the_calls_of_a_big_build(
    more: dict[str, int], five_hundred: Path, tmp_path: Path, server: MessagesServer
) -> None:
    folder = copied(five_hundred, tmp_path / "w")
    session = opened(folder)
    with session.workspace.connection():
        told = plan(prepare(session, request(server.url, **more)))
    made = tree(folder, server, concurrency=6, **more)
    assert told.calls_low <= made.calls <= told.calls_high < 2 * told.calls_low
    sent = rows(folder, "SELECT sum(tokens_in) FROM llm_call")[0][0]
    assert told.tokens_in_low <= sent <= told.tokens_in_high


def test_full_stops_quotation_marks_and_headings_are_taken_from_titles(
    own_sixty: Path, server: MessagesServer
) -> None:
    server.answer = lambda seen: twisted(good_answer(seen), "dots")
    made = tree(own_sixty, server, levels=2)
    assert made.status == "done"
    assert titles(own_sixty)
    assert not [title for title in titles(own_sixty) if title.endswith((".", '"')) or title.startswith('"')]


@pytest.mark.parametrize("share", [0.95, 1.1])
def test_a_number_of_themes_that_is_a_bit_off_is_taken(
    share: float, own_sixty: Path, server: MessagesServer
) -> None:
    made_of: list[int] = []

    def off(_: dict[str, Any], seen: Seen) -> dict[str, Any]:
        """As many groups as that share of the wanted number: the first ones are joined until it fits."""
        themes = seen.block("themes")
        wanted = int(seen.user.split("Make about ")[1].split()[0])
        count = min(round(share * wanted), len(themes))
        made_of.append(count)
        rest = [
            {"numbers": [t["n"]], "title": t["text"].split(".")[0]} for t in themes[len(themes) - count + 1 :]
        ]
        joined = [t["n"] for t in themes[: len(themes) - count + 1]]
        return {"groups": [{"numbers": joined, "title": "First of all"}, *rest]}

    server.answer = answering("MergeThemes", off)
    made = tree(own_sixty, server)
    assert (made.status, made.unsupported) == ("done", 0)
    assert len(made_of) == 1


def test_two_themes_of_one_name_are_one(own_sixty: Path, server: MessagesServer) -> None:
    def named_alike(answer: dict[str, Any], _: Seen) -> dict[str, Any]:
        answer["groups"][0]["title"] = answer["groups"][1]["title"] = "Cats and dogs"
        return answer

    server.answer = answering("MergeThemes", named_alike)
    tree(own_sixty, server, levels=2)
    for seen in server.seen:
        if seen.tool == "AssignTheme":
            assert sum(theme["text"].startswith("Cats and dogs") for theme in seen.block("themes")) == 1


def test_siblings_of_one_name_are_told_apart(own_sixty: Path, server: MessagesServer) -> None:
    server.answer = answering("NameTheme", lambda answer, _: answer | {"title": "Questions."})
    made = tree(own_sixty, server)
    found = titles(own_sixty)
    assert made.status == "done"
    assert len(found) > 8
    assert len(set(found)) == len(found)
    assert all(title.startswith("Questions") for title in found)


def test_a_theme_that_takes_nearly_half_is_nothing_unusual(own_sixty: Path, server: MessagesServer) -> None:
    asked: Counter[str] = Counter()

    def skewed(answer: dict[str, Any], seen: Seen) -> dict[str, Any]:
        # The same theme, wherever it stands in the list.
        first = min(seen.block("themes"), key=lambda theme: theme["text"])
        asked["all"] += 1
        return answer if asked["all"] % 2 else answer | {"theme": first["n"]}

    server.answer = answering("AssignTheme", skewed)
    made = tree(own_sixty, server, levels=2, concurrency=1)
    assert (made.status, made.notes) == ("done", ())
    largest = rows(
        own_sixty, "SELECT count(*) FROM node WHERE parent LIKE 't%' GROUP BY parent ORDER BY 1 DESC"
    )[0][0]
    assert 25 <= largest <= 36


def test_everything_under_one_theme_is_a_tree_and_is_told(own_sixty: Path, server: MessagesServer) -> None:
    def one(answer: dict[str, Any], seen: Seen) -> dict[str, Any]:
        return answer | {"theme": min(seen.block("themes"), key=lambda theme: theme["text"])["n"]}

    server.answer = answering("AssignTheme", one)
    made = tree(own_sixty, server)
    assert made.status == "done"
    assert (made.top, made.levels, made.no_parent) == (1, 2, 0)
    assert any("took 60 of the 60" in note for note in made.notes)


def test_none_of_these_for_everything_is_a_tree_and_is_told(own_sixty: Path, server: MessagesServer) -> None:
    server.answer = answering("AssignTheme", lambda answer, _: answer | {"theme": 0})
    made = tree(own_sixty, server)
    assert (made.status, made.top, made.no_parent, made.low_fit) == ("done", 0, 60, made.low_fit)
    assert any("no good parent for 60" in note for note in made.notes)
    assert all(placing["how"] == "none" for placing in placings(own_sixty))
    assert not [seen for seen in server.seen if seen.tool == "NameTheme"]


def test_a_number_that_stands_for_nothing_is_asked_again_then_the_nearest_is_taken_and_marked(
    own_sixty: Path, server: MessagesServer
) -> None:
    server.answer = answering("AssignTheme", lambda answer, _: answer | {"theme": 999})
    made = tree(own_sixty, server, levels=2)
    assert (made.status, made.unsupported, made.no_parent) == ("done", 60, 0)
    asked = [seen for seen in server.seen if seen.tool == "AssignTheme"]
    assert len(asked) == 120
    again = [seen for seen in asked if "could not be used" in seen.user]
    assert len(again) == 60
    assert all("theme is 999" in seen.user for seen in again)
    marked = rows(
        own_sixty,
        "SELECT count(*), sum(n.low_fit) FROM node n JOIN node_origin o ON o.hierarchy_id = n.hierarchy_id"
        ' AND o."key" = n."key" WHERE n.parent LIKE \'t%\' AND o.placed LIKE \'%"how": "nearest"%\'',
    )[0]
    assert marked[0] > 40
    assert marked[0] == marked[1]
    # The nearest by meaning: generated clusters of one subject share their words, so most lie together.
    assert made.top > 4


def test_a_number_that_is_right_the_second_time_counts(own_workspace: Path, server: MessagesServer) -> None:
    def second(answer: dict[str, Any], seen: Seen) -> dict[str, Any]:
        return answer if "could not be used" in seen.user else answer | {"theme": -1}

    server.answer = answering("AssignTheme", second)
    made = tree(own_workspace, server, levels=2, width=2)
    assert (made.status, made.unsupported) == ("done", 0)
    assert not [placing for placing in placings(own_workspace) if placing["how"] == "nearest"]


@pytest.mark.parametrize("tool", ["ProposeThemes", "MergeThemes", "AssignTheme", "NameTheme"])
def test_a_step_that_fails_for_good_is_done_by_what_lies_nearest(
    tool: str, own_sixty: Path, server: MessagesServer
) -> None:
    kind = {"MergeThemes": "wrong_types", "NameTheme": "empty"}.get(tool, "refusal")
    server.choose = lambda _, seen: Fault(kind) if seen.tool == tool else None
    made = tree(own_sixty, server, levels=2)
    assert made.status == "partial"
    assert made.failed > 0
    found = titles(own_sixty)
    assert len(found) >= 4
    assert all(found)
    tried = [seen for seen in server.seen if seen.tool == tool]
    assert len(tried) == 3 * made.failed
    if tool == "AssignTheme":
        assert made.low_fit >= 40
        assert made.no_parent == 0
    again = tree(own_sixty, server, levels=2)
    assert again.calls == 0
    assert dump(own_sixty, again.hierarchy) == dump(own_sixty, made.hierarchy)


def test_what_failed_for_good_is_asked_anew_on_demand_and_paid_once(
    own_sixty: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, seen: Fault("refusal") if seen.tool == "NameTheme" else None
    made = tree(own_sixty, server, levels=2)
    assert (made.status, made.failed > 0) == ("partial", True)
    server.choose = lambda _, __: None
    plain = f"hierarchy.build method=clio model={MODEL} base_url={server.url} levels=2"
    assert [said(own_sixty, f"{plain}{more}", dry=True)["calls_low"] for more in ("", " again=true")] == [
        0,
        made.failed,
    ]
    done = tree(own_sixty, server, levels=2, again=True)
    assert (done.status, done.failed, done.calls) == ("done", 0, made.failed)
    same = tree(own_sixty, server, levels=2)
    assert (same.status, same.calls) == ("done", 0)
    assert dump(own_sixty, same.hierarchy) == dump(own_sixty, done.hierarchy)


def test_what_is_asked_anew_goes_into_no_batch(own_workspace: Path, server: MessagesServer) -> None:
    line = f"hierarchy.build method=clio model={MODEL} base_url={server.url} again=true batch=true"
    assert run_text(own_workspace, line).error["code"] == "no_batch"


@pytest.mark.parametrize("tool", ["ProposeThemes", "MergeThemes"])
def test_empty_lists_are_asked_for_again_then_done_without(
    tool: str, own_sixty: Path, server: MessagesServer
) -> None:
    server.answer = answering(tool, lambda answer, _: twisted(answer, "nothing"))
    made = tree(own_sixty, server, levels=2)
    assert (made.status, made.failed) == ("done", 0)
    tried = [seen for seen in server.seen if seen.tool == tool]
    first = [seen for seen in tried if "could not be used" not in seen.user]
    assert len(tried) == 2 * len(first) > 0
    assert made.unsupported >= len(first)
    assert len(titles(own_sixty)) >= 4


@pytest.mark.parametrize(
    ("fault", "code", "calls"),
    [
        (Fault("status", 401, "invalid x-api-key"), "provider_refused", 8),
        (Fault("status", 529, "overloaded"), "provider_failed", 60),
        (Fault("refusal"), "nothing_answered", 70),
    ],
    ids=["401", "529", "refusals"],
)
def test_nothing_is_stored_where_nothing_was_answered(
    fault: Fault, code: str, calls: int, own_sixty: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, __: fault
    with pytest.raises(ActionError) as caught:
        tree(own_sixty, server, levels=2, concurrency=8)
    assert caught.value.code == code
    assert rows(own_sixty, "SELECT count(*) FROM hierarchy") == [(0,)]
    assert len(server.seen) <= calls


def test_credit_that_runs_out_keeps_what_was_paid(own_workspace: Path, server: MessagesServer) -> None:
    server.choose = lambda n, _: Fault("status", 402, "credit balance is used up") if n >= 4 else None
    made = tree(own_workspace, server, levels=2, width=2, concurrency=1)
    assert made.status == "partial"
    assert "credit balance is used up" in (made.stopped or "")
    server.choose = lambda _, __: None
    done = tree(own_workspace, server, levels=2, width=2)
    assert done.status == "done"
    assert len(server.completed) == len({seen.asked for seen in server.completed}) == 4 + done.calls


def test_a_build_that_is_stopped_keeps_what_was_answered(own_workspace: Path, server: MessagesServer) -> None:
    with pytest.raises(Cancelled):
        tree(
            own_workspace,
            server,
            levels=2,
            width=2,
            concurrency=1,
            cancelled=lambda: len(server.completed) >= 3,
        )
    assert rows(own_workspace, "SELECT count(*) FROM hierarchy") == [(1,)]
    paid = len(server.completed)
    made = tree(own_workspace, server, levels=2, width=2)
    assert len({seen.asked for seen in server.completed}) == len(server.completed) == paid + made.calls


def undisturbed(folder: Path, server: MessagesServer) -> tuple[int, list[tuple[Any, ...]]]:
    """How many calls a build that nobody disturbs has answered, and its tree."""
    before = len(server.completed)
    made = tree(folder, server, timeout=10.0)
    assert (made.pending, made.stopped) == (0, None)
    return len(server.completed) - before, dump(folder, made.hierarchy)


def killed_at(folder: Path, server: MessagesServer, home: Path, answers: int, at_once: int) -> bool:
    """Start a build in a process and kill it when the server has given so many answers; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.clio", str(folder), server.url, str(at_once)],
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
    _, err = process.communicate(timeout=60)
    assert working or process.returncode == 0, err.decode()
    return working


def survives_kills(
    kills: int, source: Path, server: MessagesServer, tmp_path: Path, at_once: int
) -> tuple[int, int, int]:
    """Kill a build that many times at random moments and finish it: kills, answers of a clean build, answers paid."""
    # The same question fares the same in both builds, so their answers can be counted against each other.
    faulty(server, 0.2, passing=False)
    clean, expected = undisturbed(copied(source, tmp_path / "clean"), server)
    folder = copied(source, tmp_path / "killed")
    start = len(server.completed)
    chance = random.Random(11)
    moments = sorted(chance.sample(range(1, clean), kills))
    done = sum(killed_at(folder, server, tmp_path, start + moment, at_once) for moment in moments)
    made = tree(folder, server, timeout=10.0)
    paid = len(server.completed) - start
    assert dump(folder, made.hierarchy) == expected
    assert clean <= paid <= clean + done * at_once
    journaled = rows(folder, "SELECT count(*) FROM llm_call WHERE status = 'answered'")
    assert journaled == [(clean,)]
    session = opened(folder)
    with session.workspace.connection():
        assert violations(session.workspace) == []
    return done, clean, paid


def test_a_kill_pays_at_most_for_what_was_under_way(
    sixty_clusters: Path, server: MessagesServer, tmp_path: Path
) -> None:
    server.seconds = 0.01
    done, _, _ = survives_kills(2, sixty_clusters, server, tmp_path, 3)
    assert done == 2


@only_full
@pytest.mark.slow
def test_twenty_kills_of_a_big_build(five_hundred: Path, server: MessagesServer, tmp_path: Path) -> None:
    server.seconds = 0.01
    found = survives_kills(20, five_hundred, server, tmp_path, 4)
    print(f"{found[0]} kills, {found[1]} answers of a clean build, {found[2]} paid")
    assert found[0] >= 18
