"""What was paid for is not lost for what a provider adds or leaves out, and nothing in a body is taken on trust."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ActionError
from core.hierarchy.clio_answers import AssignTheme
from core.llm.failures import BadAnswer, CallFailed
from core.llm.provider import Client
from core.llm.target import find_target, with_key
from core.name.answer import NameCluster, unsupported
from tests.messages_server import KEY, Fault, MessagesServer, serving
from tests.naming import named, rows

ANSWER: dict[str, Any] = {
    "members": [1], "description": "They asked.", "coherence_reason": "One kind.", "coherence": 5, "topics": [],
    "title": "Poems",
}  # fmt: skip

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


@pytest.fixture
def client() -> Iterator[Client]:
    opened = Client(with_key(find_target("anthropic/m", "http://127.0.0.1:1")))
    yield opened
    opened.close()


@pytest.fixture
def own() -> Iterator[Client]:
    opened = Client(with_key(find_target("Any", "http://127.0.0.1:1/v1")))
    yield opened
    opened.close()


def message(change: Change = lambda _: None, **more: Any) -> str:
    """A message of the Messages API, changed."""
    tool = {"type": "tool_use", "id": "t", "name": "NameCluster", "input": ANSWER | more}
    made: dict[str, Any] = {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [tool], "stop_reason": "tool_use",
        "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 5},
    }  # fmt: skip
    change(made)
    return json.dumps(made)


def completion(change: Change = lambda _: None) -> str:
    """A chat completion, changed."""
    said = {"role": "assistant", "content": json.dumps(ANSWER)}
    made: dict[str, Any] = {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}
    change(made)
    return json.dumps(made)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["content"].insert(0, {"type": "a_block_of_next_year", "x": 1}),
        lambda m: m["content"].insert(0, {"type": "thinking", "thinking": "Hm.", "signature": "x"}),
        lambda m: m.update(stop_reason="a_reason_of_next_year"),
        lambda m: m.pop("usage"),
        lambda m: m.update(usage=None, id=None, model=None, role=None),
        lambda m: m["content"][0].update(input=json.dumps(ANSWER)),
        lambda m: m["content"][0].pop("id"),
    ],
)
def test_what_a_provider_adds_or_leaves_out_costs_no_answer(change: Change, client: Client) -> None:
    assert client.read(client.reply(message(change)).body, NameCluster).title == "Poems"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["choices"][0].update(finish_reason="eos_token"),
        lambda c: c["choices"][0].update(finish_reason=None),
        lambda c: c["choices"][0].pop("index"),
        lambda c: c["choices"][0]["message"].update(content=[{"type": "text", "text": json.dumps(ANSWER)}]),
        lambda c: c["choices"][0]["message"].update(
            content=None, tool_calls=[{"function": {"name": "NameCluster", "arguments": ANSWER}}]
        ),
        lambda c: c.update(usage="none", created="now"),
    ],
)
def test_servers_of_ones_own_may_differ(change: Change, own: Client) -> None:
    assert own.read(own.reply(completion(change)).body, NameCluster).title == "Poems"


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"input_tokens": 7, "cache_read_input_tokens": 2, "output_tokens": 5}, (9, 5)),
        ({"input_tokens": -7, "output_tokens": 10**30}, (0, 0)),
        ({"input_tokens": "7", "output_tokens": 5.5}, (0, 0)),
        ({"input_tokens": True, "output_tokens": None}, (0, 0)),
        ([7, 5], (0, 0)),
        (None, (0, 0)),
    ],
)
def test_counts_that_are_none_are_not_counted(usage: Any, counts: tuple[int, int], client: Client) -> None:
    reply = client.reply(message(lambda m: m.update(usage=usage)))
    assert (reply.tokens_in, reply.tokens_out) == counts


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        "3",
        '{"content": 3}',
        '{"content": [3]}',
        "[" * 100_000,
        '{"content": ' + "9" * 5_000,
    ],
)
def test_what_is_no_answer_is_told(body: str, client: Client, own: Client) -> None:
    for each in (client, own):
        with pytest.raises(CallFailed) as caught:
            each.reply(body)
        assert caught.value.kind == "garbled"


@pytest.mark.parametrize("given", [None, [1], "no JSON", 3, {}])
def test_a_tool_without_its_input_is_a_bad_answer_and_no_failure(given: Any, client: Client) -> None:
    body = client.reply(message(lambda m: m["content"][0].update(input=given))).body
    with pytest.raises(BadAnswer):
        client.read(body, NameCluster)


def test_a_tool_that_is_used_twice_is_told_in_words_for_the_model(client: Client) -> None:
    with pytest.raises(BadAnswer, match="used 2 times"):
        client.read(message(lambda m: m["content"].append(m["content"][0])), NameCluster)


@pytest.mark.parametrize("fields", [{"members": [True]}, {"coherence": True}])
def test_truth_is_no_number(fields: dict[str, Any], client: Client) -> None:
    with pytest.raises(BadAnswer, match="true or false"):
        client.read(message(**fields), NameCluster)


def test_true_is_not_the_first_theme(client: Client) -> None:
    body = message(lambda m: m["content"][0].update(name="AssignTheme", input={"theme": True}))
    with pytest.raises(BadAnswer):
        client.read(body, AssignTheme)


@pytest.mark.parametrize("title", ["...", " . ", '"?!"', "\u200b"])
def test_a_title_without_a_letter_is_asked_for_again(title: str) -> None:
    assert "title" in unsupported(NameCluster(**ANSWER | {"title": title}), 1)
    assert not unsupported(NameCluster(**ANSWER), 1)


def test_half_a_surrogate_pair_costs_nothing_and_reaches_no_store(
    own_workspace: Path, server: MessagesServer
) -> None:
    usual = server.answer
    server.answer = lambda seen: usual(seen) | {"description": "half \ud800", "title": "Poems \udfff"}
    made = named(own_workspace, server)
    assert (made.status, made.calls, made.failed) == ("done", 6, 0)
    for (text,) in rows(own_workspace, "SELECT title || description FROM summary"):
        text.encode()


def test_a_key_that_is_echoed_in_another_spelling_is_hidden(client: Client) -> None:
    spelt = KEY.replace("-", "\\u002D").replace("s", "\\u0073", 1)
    body = message(description=f"It is {KEY}.").replace(KEY, spelt)
    assert KEY in json.loads(body)["content"][0]["input"]["description"]
    hidden = client.target.hide(body)
    assert KEY not in json.dumps(json.loads(hidden))
    assert client.read(hidden, NameCluster).description == "It is [key]."
    assert client.target.hide(f"a\\\\{KEY}") == "a\\\\[key]"


TOO_LONG = Fault("status", 400, "prompt is too long: 208310 tokens > 200000 maximum")


def test_a_first_question_that_is_refused_for_itself_holds_up_nobody(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda n, _: TOO_LONG if n == 0 else None
    made = named(own_workspace, server, concurrency=1)
    assert (made.status, made.failed, made.calls) == ("partial", 1, 6)


def test_questions_that_are_all_too_long_are_not_all_asked(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = lambda _, __: TOO_LONG
    with pytest.raises(ActionError) as caught:
        named(own_workspace, server, concurrency=1)
    assert caught.value.code == "provider_refused"
    assert "too long" in caught.value.message
    assert len(server.seen) == 3
    assert rows(own_workspace, "SELECT count(*) FROM summary_set") == [(1,)]
