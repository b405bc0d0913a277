"""Limits, waits, failures, prices and estimates: the parts that need no server."""

from __future__ import annotations

import json
import random
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionError
from core.llm.failures import CallFailed, of_status
from core.llm.limits import MINUTE, Backoff, Limits
from core.llm.pace import Pace
from core.llm.prices import Price, price_of
from core.llm.target import find_target, with_key
from core.llm.tokens import estimate


def starts(limits: Limits, arrivals: list[float], tokens: list[int]) -> list[float]:
    """When each call starts that wants to at its arrival, one after the other."""
    now, found = 0.0, []
    for arrival, count in zip(arrivals, tokens, strict=True):
        now = max(now, arrival)
        now += limits.wait(now, 0)
        limits.take(now, count)
        found.append(now)
    return found


CALLS = st.lists(st.tuples(st.floats(0, 200), st.integers(1, 3000)), min_size=1, max_size=60)


@given(CALLS, st.integers(1, 500))
def test_no_minute_sees_more_calls_than_are_allowed(calls: list[tuple[float, int]], rpm: int) -> None:
    found = starts(Limits(rpm=rpm), sorted(a for a, _ in calls), [t for _, t in calls])
    for start in found:
        # A window that is closed at one end: the call at its very end belongs to the next.
        assert sum(start <= t < start + MINUTE - 1e-6 for t in found) <= rpm


@given(CALLS, st.integers(3000, 100_000))
def test_no_minute_sees_more_tokens_than_are_allowed_and_one_call(
    calls: list[tuple[float, int]], tpm: int
) -> None:
    counts = [t for _, t in calls]
    found = starts(Limits(tpm=tpm), sorted(a for a, _ in calls), counts)
    for start in found:
        inside = [c for t, c in zip(found, counts, strict=True) if start <= t < start + MINUTE - 1e-6]
        assert sum(inside) <= tpm + max(inside)


def test_calls_that_come_late_are_not_made_to_wait() -> None:
    assert starts(Limits(rpm=60), [0.0, 5.0, 5.0, 30.0], [1] * 4) == [0.0, 5.0, 6.0, 30.0]


def test_a_call_waits_while_as_many_run_as_may() -> None:
    limits = Limits(concurrency=2)
    assert limits.wait(0.0, 1) == 0.0
    assert limits.wait(0.0, 2) == float("inf")


def test_a_pause_holds_for_every_call_and_never_gets_shorter() -> None:
    limits = Limits()
    limits.pause(10.0)
    limits.pause(4.0)
    assert limits.wait(3.0, 0) == 7.0


def test_tokens_that_were_not_used_are_given_back() -> None:
    limits = Limits(tpm=600)
    limits.take(0.0, 600)
    assert limits.wait(0.0, 0) == MINUTE
    limits.settle(600, 60)
    assert limits.wait(0.0, 0) == pytest.approx(6.0)


@given(st.integers(1, 40), st.one_of(st.none(), st.floats(0, 100)))
def test_a_wait_is_as_long_as_the_provider_asked_and_bounded(failures: int, asked: float | None) -> None:
    backoff = Backoff(base=1.0, cap=60.0, random=random.Random(failures))
    wait = backoff.delay(failures, asked)
    window = min(60.0, 2.0 ** (failures - 1))
    assert (asked or 0.0) <= wait <= (asked or 0.0) + window
    if asked is None:
        assert wait >= window / 2


def test_waits_come_from_the_seed_and_differ_from_each_other() -> None:
    def waits(seed: int) -> list[float]:
        backoff = Backoff(random=random.Random(seed))
        return [backoff.delay(3, None) for _ in range(20)]

    assert waits(1) == waits(1) != waits(2)
    assert len(set(waits(1))) == 20


def failure(status: int, message: str = "no", **headers: str) -> CallFailed:
    body = {"type": "error", "error": {"type": "x", "message": message}}
    return of_status(status, {k.replace("_", "-"): v for k, v in headers.items()}, json.dumps(body), body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rate"), (500, "server"), (502, "server"), (503, "server"), (529, "server"), (408, "server"),
        (400, "request"), (413, "content"), (422, "request"), (401, "refused"), (403, "refused"), (404, "refused"),
        (402, "refused"), (307, "refused"),
    ],
)  # fmt: skip
def test_what_follows_from_a_status(status: int, kind: str) -> None:
    found = failure(status, "the provider's words")
    assert found.kind == kind
    assert "the provider's words" in found.message


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Your credit balance is too low to access the Anthropic API."),
        (429, "You exceeded your current quota, please check your plan and billing details."),
    ],
)
def test_credit_that_is_used_up_is_not_waited_for(status: int, message: str) -> None:
    assert failure(status, message).kind == "refused"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "99999999"}, 3600.0),
        ({}, None),
    ],
)
def test_how_long_a_provider_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert failure(429, **headers).retry_after == seconds


@pytest.mark.parametrize("body", ["", "<html>", [], {"error": []}, {"error": {"message": 5}}, None])
def test_an_error_of_any_shape_has_a_message(body: object) -> None:
    assert of_status(500, {}, "raw words", body).message == "HTTP 500: " + (
        body or "raw words" if isinstance(body, str) else "raw words"
    )


def test_prices_are_found_by_name_and_by_dated_name_and_by_nothing_else() -> None:
    known = price_of("anthropic", "claude-sonnet-4-5", None)
    assert known is not None
    assert (known.sent, known.received) == (3, 15)
    assert price_of("anthropic", "claude-sonnet-4-5-20250929", None) == known
    mini, full = (price_of("openai", name, None) for name in ("gpt-4.1-mini-2025-04-14", "gpt-4.1"))
    assert mini is not None
    assert full is not None
    assert mini.sent < full.sent
    for name in ("gpt-4", "gpt-4.1-huge", "gpt-9", "", "xgpt-4.1"):
        assert price_of("openai", name, None) is None, name
    assert price_of("compatible", "gpt-4.1", None) is None


def test_every_entry_of_the_price_table_is_two_prices_the_second_higher() -> None:
    table = json.loads(files("core.data").joinpath("prices.json").read_text())
    entries = [(p, m, v) for p, models in table["models"].items() for m, v in models.items()]
    assert len(entries) > 15
    for provider, model, (sent, received) in entries:
        assert 0 < sent < received < 1000
        assert price_of(provider, model, None) == Price(sent, received, table["dated"])


def test_a_price_of_ones_own_wins_and_a_local_model_costs_nothing() -> None:
    assert price_of("anthropic", "claude-sonnet-4-5", "1,2") == Price(1.0, 2.0, "given")
    local = price_of("ollama", "anything", None)
    assert local is not None
    assert local.cost(10**6, 10**6) == 0
    assert Price(3, 15, "").cost(1_000_000, 100_000) == pytest.approx(4.5)


@pytest.mark.parametrize("text", ["3", "a,b", "1,2,3", "-1,2", "nan,1", "inf,1", ","])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ActionError) as caught:
        price_of("openai", "gpt-4.1", text)
    assert caught.value.code == "bad_price"


@pytest.mark.parametrize(
    "limits",
    [{"rpm": 0}, {"tpm": -1}, {"concurrency": 0}, {"concurrency": 1000}, {"max_calls": 0}, {"max_cost": 0.0}],
)
def test_limits_that_are_none_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ActionError) as caught:
        Pace(**limits).check(Price(1, 2, ""), "m")  # type: ignore[arg-type]
    assert caught.value.code == "bad_limit"


def test_a_cost_cannot_be_bounded_where_no_price_is_known() -> None:
    with pytest.raises(ActionError) as caught:
        Pace(max_cost=1.0).check(None, "m")
    assert caught.value.code == "no_price"


@pytest.mark.parametrize(
    ("model", "url", "provider", "name"),
    [
        ("anthropic/claude-x", None, "anthropic", "claude-x"),
        ("openai/gpt", None, "openai", "gpt"),
        ("ollama/qwen:0.5b", None, "ollama", "qwen:0.5b"),
        ("Qwen/Qwen2.5", "http://127.0.0.1:1/v1", "compatible", "Qwen/Qwen2.5"),
        ("plain", "http://127.0.0.1:1/v1", "compatible", "plain"),
    ],
)
def test_what_model_names(model: str, url: str | None, provider: str, name: str) -> None:
    target = find_target(model, url)
    assert (target.provider, target.model) == (provider, name)


@pytest.mark.parametrize("model", ["claude-x", "anthropic/", "antropic/claude", "", "local/x"])
def test_a_model_of_no_provider_is_refused(model: str) -> None:
    with pytest.raises(ActionError) as caught:
        find_target(model, None)
    assert caught.value.code == "unknown_model"


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("antropic/claude-x", ("anthropic/claude-x",)),
        ("claude-sonnet-4-5", ("anthropic/claude-sonnet-4-5",)),
        ("lokal", ("local",)),
        ("nothing-like-it", ()),
    ],
)
def test_what_may_have_been_meant_can_be_typed(model: str, meant: tuple[str, ...]) -> None:
    with pytest.raises(ActionError) as caught:
        find_target(model, None)
    assert caught.value.did_you_mean == meant


def test_where_a_server_points_is_told() -> None:
    found = of_status(308, {"location": "https://else.where/v1"}, "", None)
    assert (found.kind, "https://else.where/v1" in found.message) == ("refused", True)


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 208310 tokens > 200000 maximum",
        "This model's maximum context length is 4096 tokens.",
        "Output blocked by content filtering policy",
    ],
)
def test_a_question_that_is_refused_for_itself_says_nothing_of_the_others(message: str) -> None:
    assert failure(400, message).kind == "content"


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1", "ftp://h/", "http://", "http://me:hunter2@h/v1", "https://h/v1?key=hunter2", "http://["],
)
def test_an_address_with_a_secret_in_it_or_none_is_refused(url: str) -> None:
    with pytest.raises(ActionError) as caught:
        find_target("openai/x", url)
    assert caught.value.code == "bad_base_url"
    assert "hunter2" not in caught.value.message


def test_keys_come_from_the_environment_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ActionError) as caught:
        with_key(find_target("anthropic/x", None))
    assert caught.value.code == "no_key"
    assert "ANTHROPIC_API_KEY" in caught.value.message
    monkeypatch.setenv("ANTHROPIC_API_KEY", " sk-secret\n")
    target = with_key(find_target("anthropic/x", None))
    assert target.key == "sk-secret"
    assert "secret" not in repr(target)
    assert target.hide("bad key sk-secret!") == "bad key [key]!"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-sécret")
    with pytest.raises(ActionError) as caught:
        with_key(find_target("anthropic/x", None))
    assert caught.value.code == "bad_key"
    assert "cret" not in str(caught.value)


def test_a_local_server_never_gets_the_key_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert with_key(find_target("ollama/x", None)).key != "sk-secret"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert with_key(find_target("x", "http://127.0.0.1:1/v1")).key
    with pytest.raises(ActionError):
        with_key(find_target("openai/x", None))


@given(st.text(max_size=300), st.text(max_size=300))
def test_more_text_never_has_fewer_tokens(one: str, other: str) -> None:
    assert max(estimate(one), estimate(other)) <= estimate(one + other) <= estimate(one) + estimate(other) + 1


def test_languages_differ_in_letters_a_token() -> None:
    english = "Write a short poem about the quiet sea in winter, please."
    assert 11 <= estimate(english) <= 14
    assert estimate("写" * 400) == 400
    assert estimate("ж" * 400) == 200
    assert estimate("a" * 70) == 10
    assert estimate("") == 0
