"""A server on loopback that speaks the Messages API of Anthropic and the chat completions of OpenAI, with faults to order.

It notes when each request came and what became of it, so that tests can count what a provider would bill and measure what
it would limit.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.served_batches import ERRORS, ROOT_PATH, ServedBatches
from tests.tree_answers import TREE_ANSWERS

KEY = "sk-test-5f1d0c7e9b"
"""The key that the tests use: no file may ever hold it."""


@dataclass(frozen=True)
class Fault:
    """How a request is answered instead of well.

    `status`: with that HTTP status and message; `timeout`: after `seconds`; `cut`: half a body; `malformed`: a body that is no
    JSON; `cut_off`: at the limit of tokens, in the middle of the tool's input; `wrong_types`, `refusal`, `empty`, `bad_ids`,
    `no_ids`, `text`: what their names say. The last seven are answers, and billed.
    """

    kind: str
    status: int = 500
    message: str = "fault to order"
    retry_after: str | None = None
    seconds: float = 0.0


BILLED = ("cut_off", "wrong_types", "refusal", "empty", "bad_ids", "no_ids", "text")


@dataclass
class Seen:
    """One request: when it came and ended, in seconds, and whether the client got a whole answer that is billed."""

    came: float
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    fault: Fault | None
    ended: float = 0.0
    completed: bool = False

    @property
    def asked(self) -> str:
        """The request, as what makes two requests the same."""
        return json.dumps(self.body, sort_keys=True)

    @property
    def user(self) -> str:
        """What the user role says."""
        return next(text_of(m["content"]) for m in self.body["messages"] if m["role"] == "user")

    @property
    def system(self) -> str:
        """What the system says."""
        said = [text_of(m["content"]) for m in self.body["messages"] if m["role"] == "system"]
        return " ".join([text_of(self.body.get("system", "")), *said])

    @property
    def members(self) -> list[str]:
        """The texts of the members that the prompt shows."""
        found = re.search(r"<members>\n(.*)\n</members>", self.user, re.DOTALL)
        return [json.loads(line)["text"] for line in found[1].splitlines()] if found else []

    @property
    def tool(self) -> str:
        """The name of the tool that must be used; empty where the answer is asked for in words."""
        tools = self.body.get("tools") or [{}]
        return str(tools[0].get("name") or tools[0].get("function", {}).get("name", ""))

    def block(self, name: str) -> list[dict[str, Any]]:
        """The lines of JSON between two tags of the prompt."""
        found = re.search(rf"<{name}>\n(.*)\n</{name}>", self.user, re.DOTALL)
        lines = found[1].splitlines() if found else []
        return [json.loads(line) for line in lines if line.startswith("{")]


def text_of(content: Any) -> str:
    """The text of a message's content, of either shape."""
    return content if isinstance(content, str) else " ".join(block.get("text", "") for block in content)


def good_answer(seen: Seen) -> dict[str, Any]:
    """An answer that follows from what is shown alone: a name of the members, or what a step of a tree asks for."""
    if seen.tool in TREE_ANSWERS:
        return TREE_ANSWERS[seen.tool](seen)
    first = seen.members[0] if seen.members else "nothing"
    return {
        "members": list(range(1, len(seen.members) + 1)),
        "description": f"Users asked about things like {first[:60]}. They asked in several ways.",
        "coherence_reason": "They ask for one kind of thing.",
        "coherence": 4,
        "topics": [],
        "title": " ".join(re.findall(r"\w+", first)[:5]) or "Signs",
    }


@dataclass
class MessagesServer:
    """A running server. `choose` gives the fault of a request by its ordinal, from 0; `answer` what a good one says."""

    url: str = ""
    choose: Callable[[int, Seen], Fault | None] = lambda _, __: None
    answer: Callable[[Seen], dict[str, Any]] = good_answer
    seconds: float = 0.0
    """How long an answer takes."""
    seen: list[Seen] = field(default_factory=list)
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: int = 0
    batches: ServedBatches = field(default_factory=ServedBatches)
    """The Message Batches: their requests are `seen` when a batch ends, by then with their faults."""

    @property
    def completed(self) -> list[Seen]:
        """The requests that are billed."""
        return [seen for seen in self.seen if seen.completed]

    def most_within(self, seconds: float) -> int:
        """The most requests that came in any stretch of so many seconds."""
        times = sorted(seen.came for seen in self.seen)
        return max((sum(start <= t < start + seconds for t in times) for start in times), default=0)


@contextmanager
def serving() -> Iterator[MessagesServer]:
    """A server for a test."""
    state = MessagesServer()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away, as killed ones do, is no news."""

    class Handler(_Handler):
        server_state = state

    server = Server(("127.0.0.1", 0), Handler)
    state.batches.result = lambda body: _in_batch(state, body)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: MessagesServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._batch("GET", None)

    def _batch(self, method: str, body: Any) -> None:
        key = self.headers.get("x-api-key", "")
        status, text, fault = self.server_state.batches.call(method, self.path, key, body)
        self._send_with(fault, status, text)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"null")
        state = self.server_state
        if self.path.startswith(ROOT_PATH):
            self._batch("POST", body)
            return
        with state.lock:
            seen = Seen(time.monotonic(), self.path, dict(self.headers.items()), body, None)
            seen.fault = state.choose(len(state.seen), seen)
            state.seen.append(seen)
            state.running += 1
            state.most_at_once = max(state.most_at_once, state.running)
        self._serve(state, seen)

    def _over(self, state: MessagesServer, seen: Seen) -> None:
        """The work on a request is done. Said before the answer leaves: the client may ask anew before this thread goes on."""
        with state.lock:
            state.running -= 1
            seen.ended = time.monotonic()

    def _serve(self, state: MessagesServer, seen: Seen) -> None:
        fault = seen.fault
        time.sleep(state.seconds)
        self._over(state, seen)
        if fault is not None and fault.kind == "status":
            kind = {429: "rate_limit_error", 529: "overloaded_error"}.get(fault.status, "api_error")
            error = {"type": "error", "error": {"type": kind, "message": fault.message}}
            self._send(fault.status, json.dumps(error), fault.retry_after)
            return
        text = json.dumps(
            anthropic_answer(state, seen) if seen.path == "/v1/messages" else self._openai(state, seen)
        )
        seen.completed = self._send_with(fault, 200, text)

    def _send_with(self, fault: Fault | None, status: int, text: str) -> bool:
        """Send a body, or fail on the way as the fault says; whether it was sent whole."""
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind == "timeout":
            time.sleep(fault.seconds)
            self.close_connection = True
        elif kind == "malformed":
            self._send(status, text[: len(text) // 2])
        elif kind == "cut":
            data = text.encode()
            self._head(status, len(data), None)
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self._send(status, text, fault.retry_after if fault is not None else None)
            return True
        return False

    def _head(self, status: int, length: int, retry_after: str | None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length))
        if retry_after is not None:
            self.send_header("retry-after", retry_after)
        self.end_headers()

    def _send(self, status: int, text: str, retry_after: str | None = None) -> None:
        data = text.encode()
        self._head(status, len(data), retry_after)
        self.wfile.write(data)
        self.wfile.flush()

    def _openai(self, state: MessagesServer, seen: Seen) -> dict[str, Any]:
        kind = seen.fault.kind if seen.fault else ""
        text = json.dumps(said(state, seen))
        if kind == "cut_off":
            text = text[:-4]
        message: dict[str, Any] = {"role": "assistant", "content": None}
        if kind == "refusal":
            message["refusal"] = "I would rather not."
        elif kind == "text":
            message["content"] = "I would rather not."
        elif "tools" in seen.body and kind != "empty":
            function = {"name": seen.body["tools"][0]["function"]["name"], "arguments": text}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        elif kind != "empty":
            message["content"] = text
        reason = {"cut_off": "length", "refusal": "stop", "text": "stop", "empty": "stop"}.get(
            kind, "tool_calls"
        )
        sent, received = asked_tokens(seen), count(text)
        usage = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": seen.body["model"],
            "choices": [choice], "usage": usage,
        }  # fmt: skip


def said(state: MessagesServer, seen: Seen) -> dict[str, Any]:
    """What an answer holds, spoiled as the fault of its request says."""
    answer = state.answer(seen)
    kind = seen.fault.kind if seen.fault else ""
    if seen.tool in TREE_ANSWERS and kind in ("wrong_types", "cut_off"):
        return {name: {"a": 1} for name in answer} if kind == "wrong_types" else {}
    if kind == "wrong_types":
        return answer | {"coherence": "very", "members": {"a": 1}}
    if kind == "bad_ids":
        return answer | {"members": [1, 900, 901]}
    if kind == "no_ids":
        return answer | {"members": []}
    if kind == "cut_off":
        return {"members": answer["members"][:1]}
    return answer


def anthropic_answer(state: MessagesServer, seen: Seen) -> dict[str, Any]:
    """A message of the Messages API."""
    kind = seen.fault.kind if seen.fault else ""
    tool = {
        "type": "tool_use",
        "id": "toolu_1",
        "name": seen.body["tools"][0]["name"],
        "input": said(state, seen),
    }
    content: list[dict[str, Any]] = [tool]
    if kind in ("refusal", "text"):
        content = [{"type": "text", "text": "I would rather not."}]
    if kind == "empty":
        content = []
    reasons = {"refusal": "refusal", "cut_off": "max_tokens", "text": "end_turn", "empty": "end_turn"}
    usage = {"input_tokens": asked_tokens(seen), "output_tokens": count(json.dumps(content))}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": seen.body["model"], "content": content,
        "stop_reason": reasons.get(kind, "tool_use"), "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _in_batch(state: MessagesServer, body: dict[str, Any]) -> dict[str, Any]:
    """The result of a request in a batch that ends."""
    now = time.monotonic()
    with state.lock:
        seen = Seen(now, "/v1/messages", {}, body, None, ended=now)
        fault = seen.fault = state.choose(len(state.seen), seen)
        state.seen.append(seen)
    kind = fault.kind if fault is not None else ""
    if fault is not None and kind == "status":
        error = {"type": ERRORS.get(fault.status, "api_error"), "message": fault.message}
        return {"type": "errored", "error": {"type": "error", "error": error}}
    if kind in ("expired", "canceled"):
        return {"type": kind}
    seen.completed = True
    message = anthropic_answer(state, seen)
    return {"type": "succeeded", "message": {"nothing": 1} if kind == "malformed" else message}


def asked_tokens(seen: Seen) -> int:
    """Tokens of a request: what is said, its tools, and what Anthropic adds to explain them."""
    return (
        313 * (seen.path == "/v1/messages")
        + count(seen.system)
        + count(seen.user)
        + count(json.dumps(seen.body.get("tools", "")))
    )


def count(text: str) -> int:
    """Tokens, by a rule of the server's own that is like the pieces of a byte-pair tokeniser.

    A word with the space before it is a piece, and so is what follows its eighth letter; three digits; three signs in a row;
    a line's end; one letter of a script other than Latin.
    """
    return len(re.findall(r" ?[A-Za-z]{1,8}|\d{1,3}|\n+| ?[!-/:-@\[-`{-~]{1,3}| |[^\x00-\x7f]", text))
