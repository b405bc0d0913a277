"""Servers of one's own: the form of an answer is the strictest that the server takes, and found out once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.llm.provider import Client, Prompt
from core.llm.target import find_target, with_key
from core.name.answer import NameCluster
from tests.doors import run_text
from tests.messages_server import Fault, MessagesServer, Seen, serving
from tests.naming import named, rows, said

LLAMA_CPP_PYTHON = (
    "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text' or"
    " 'json_object'\", 'input': 'json_schema'}]"
)
"""What llama-cpp-python's server answers to a form that it does not know, with HTTP 500."""

OWN = ("ollama/tiny", "Qwen/Any")


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with serving() as running:
        yield running


def form(seen: Seen) -> str:
    """The form that a request has."""
    assert "tools" not in seen.body
    return str(seen.body.get("response_format", {}).get("type", "plain"))


def refusing(*forms: str, status: int = 500, message: str = LLAMA_CPP_PYTHON) -> Any:
    """A server that refuses some forms."""
    return lambda _, seen: Fault("status", status, message) if form(seen) in forms else None


def line(server: MessagesServer, model: str = "Qwen/Any", more: str = "") -> str:
    return f"summary.create model={model} base_url={server.url}/v1 {more}"


@pytest.mark.parametrize("model", OWN)
def test_a_schema_is_asked_for_and_told_in_words_by_the_system_alone(
    model: str, own_workspace: Path, server: MessagesServer
) -> None:
    made = said(own_workspace, line(server, model))
    assert (made["status"], made["calls"]) == ("done", 6)
    schema = NameCluster.model_json_schema()
    for seen in server.seen:
        assert seen.body["response_format"]["json_schema"]["schema"] == schema
        told = json.loads(seen.system[seen.system.index("JSON schema:\n") + 13 :])
        assert told["required"] == schema["required"]
        assert {name: field["description"] for name, field in told["properties"].items()} == {
            name: field["description"] for name, field in schema["properties"].items()
        }
        # A small model took the schema's own title for the value of the field.
        assert '"NameCluster"' not in seen.system
        assert "coherence_reason" not in seen.user
    assert len({seen.system for seen in server.seen}) == 1


@pytest.mark.parametrize("model", OWN)
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, LLAMA_CPP_PYTHON),
        (400, "This response_format type is unavailable now"),
        (422, "body.response_format.type: Input should be 'text' or 'json_object'"),
        (400, "JSON schema conversion failed"),
    ],
)
def test_a_form_that_is_refused_is_asked_for_once(
    status: int, message: str, model: str, own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = refusing("json_schema", status=status, message=message)
    made = named(own_workspace, server, model=model, path="/v1", concurrency=1)
    assert (made.status, made.failed, made.calls) == ("done", 0, 7)
    assert [form(seen) for seen in server.seen] == ["json_schema"] + ["json_object"] * 6
    assert server.seen[1].body["response_format"]["schema"] == NameCluster.model_json_schema()
    # Each attempt is in the journal by itself, as it was sent.
    journal = rows(own_workspace, "SELECT status, request, prompt_hash FROM llm_call ORDER BY id")
    assert [row[0] for row in journal] == ["server"] + ["answered"] * 6
    assert "json_schema" in json.loads(journal[0][1])["response_format"]["type"]
    assert journal[0][2] in {row[2] for row in journal[1:]}


def test_a_server_that_takes_no_form_is_told_in_words(own_workspace: Path, server: MessagesServer) -> None:
    server.choose = refusing("json_schema", "json_object")
    made = named(own_workspace, server, model="Qwen/Any", path="/v1", concurrency=1)
    assert (made.status, made.calls) == ("done", 8)
    assert [form(seen) for seen in server.seen] == ["json_schema", "json_object"] + ["plain"] * 6
    assert "JSON schema" in server.seen[-1].system


def test_calls_that_run_at_once_find_the_form_together(own_workspace: Path, server: MessagesServer) -> None:
    server.seconds = 0.02
    server.choose = refusing("json_schema", "json_object")
    made = named(own_workspace, server, model="Qwen/Any", path="/v1", concurrency=4)
    assert (made.status, made.failed) == ("done", 0)
    forms = [form(seen) for seen in server.seen]
    assert forms.count("plain") == 6
    assert forms.count("json_schema") <= 4 and forms.count("json_object") <= 4


def test_a_failure_that_is_not_about_the_form_leaves_it(own_workspace: Path, server: MessagesServer) -> None:
    faults = {0: Fault("status", 500, "out of memory"), 2: Fault("status", 400, "the context is too long")}
    server.choose = lambda n, _: faults.get(n)
    made = named(own_workspace, server, model="Qwen/Any", path="/v1", concurrency=1)
    assert (made.status, made.failed, made.calls) == ("partial", 1, 7)
    assert {form(seen) for seen in server.seen} == {"json_schema"}


def test_a_complaint_about_the_last_form_is_the_end(own_workspace: Path, server: MessagesServer) -> None:
    server.choose = lambda _, __: Fault("status", 400, "no response_format of any kind")
    ran = run_text(own_workspace, line(server, more="concurrency=1"))
    assert ran.error["code"] == "provider_refused"
    assert [form(seen) for seen in server.seen] == ["json_schema", "json_object", "plain"]


def test_the_same_again_costs_nothing_whatever_the_form_was(
    own_workspace: Path, server: MessagesServer
) -> None:
    server.choose = refusing("json_schema", "json_object")
    first = said(own_workspace, line(server, more="concurrency=1 alias=one"))
    titles = [row["title"] for row in said(own_workspace, "cluster.list")]
    again = said(own_workspace, line(server, more="alias=two"))
    assert (first["calls"], again["calls"]) == (8, 0)
    assert [row["title"] for row in said(own_workspace, "cluster.list")] == titles


ANSWER = {
    "members": [1], "description": "They asked.", "coherence_reason": "One kind.", "coherence": 5, "topics": [],
    "title": "Poems",
}  # fmt: skip


def completion(**message: Any) -> str:
    """The body of a chat completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None} | message,
        "finish_reason": "stop",
    }
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    )


@pytest.mark.parametrize(
    "message",
    [
        {"content": json.dumps(ANSWER)},
        {"content": f"Here you are:\n```json\n{json.dumps(ANSWER, indent=2)}\n```\n"},
        {"content": f"<think>Is it {{poems}}?</think>\n{json.dumps(ANSWER)}"},
        {"tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "NameCluster", "arguments": json.dumps(ANSWER)}}
        ]},
    ],
)  # fmt: skip
def test_an_answer_is_read_by_what_it_holds(message: dict[str, Any]) -> None:
    client = Client(with_key(find_target("Qwen/Any", "http://127.0.0.1:1/v1")))
    assert client.read(completion(**message), NameCluster).title == "Poems"
    client.close()


@pytest.mark.parametrize("key", ["x", "EMPTY", "none"])
def test_a_key_that_is_no_secret_leaves_an_answer_as_it_came(
    key: str, own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    made = said(own_workspace, line(server))
    assert (made["status"], made["calls"]) == ("done", 6)
    kept = [row[0] for row in rows(own_workspace, "SELECT response FROM llm_call")]
    assert not any("[key]" in body for body in kept)


@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5"])
def test_providers_that_know_tools_are_asked_by_a_tool(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    client = Client(with_key(find_target(model, None)))
    request = client.request(Prompt("s", "u", 10), NameCluster)
    assert "response_format" not in request
    assert request["tool_choice"]
    client.close()


@pytest.mark.parametrize(
    ("model", "path"), [("openai/gpt-4.1-mini", "/v1"), ("anthropic/claude-haiku-4-5", "")]
)
def test_words_in_place_of_the_tool_are_asked_again_and_said_to_be_so(
    model: str, path: str, own_workspace: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    server.choose = lambda _, __: Fault("text")
    made = named(own_workspace, server, model=model, path=path)
    assert (made.status, made.failed, made.calls) == ("partial", 6, 18)
    problems = {row[0] for row in rows(own_workspace, "SELECT problem FROM summary WHERE status = 'failed'")}
    assert problems == {"The answer was given in words: the tool NameCluster must be used."}
    assert sum("the tool NameCluster must be used" in seen.user for seen in server.seen) == 12
