"""Spans of OpenTelemetry: OTLP in JSON, and one span a row as OpenInference tools and console exporters write them.

OTLP is `resourceSpans` / `scopeSpans` / `spans` with attributes as lists of `key` and typed `value`, times in nanoseconds
(the JSON of the OpenTelemetry protocol; file exporters write one object a line). One span a row has `context` (`trace_id`,
`span_id`), `parent_id`, `start_time`, `attributes`, nested or flat; as a table `context.trace_id` and
`attributes.llm.input_messages`. Attributes are those of the OpenInference conventions
(`llm.input_messages.0.message.role`, `llm.model_name`, `input.value`, `session.id`, `user.id`), of the OpenTelemetry
conventions for generative AI (`gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.system_instructions`,
`gen_ai.request.model`, `gen_ai.conversation.id`), and of their earlier forms (`gen_ai.prompt.0.role`; events
`gen_ai.user.message`, `gen_ai.choice`, `gen_ai.content.prompt`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.load.logs.attributes import flat, listed, nested, plain
from core.load.logs.chat import Chat, Message, Row, as_json, as_mapping, first_of
from core.load.logs.messages import answer_of, system_of, turns_of
from core.load.logs.traces import Step, payload_answer, payload_turns, sessions, steps_of
from core.load.read_json import Item
from core.load.records import Reject
from core.load.turns import RowError

_RESOURCES = ("resourceSpans", "resource_spans")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
_TRACE = ("traceId", "trace_id", "context.trace_id")
_SPAN = ("spanId", "span_id", "context.span_id")
_PARENT = ("parentSpanId", "parent_span_id", "parent_id", "parentId")
_START = ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime")
_MODEL = ("gen_ai.response.model", "llm.model_name", "gen_ai.request.model")
_SESSION = ("session.id", "gen_ai.conversation.id")
_USER = ("user.id", "enduser.id", "enduser.pseudo.id")
_KEPT = (
    "gen_ai.system", "gen_ai.provider.name", "gen_ai.operation.name", "gen_ai.agent.name", "llm.provider", "llm.system",
    "openinference.project.name", "service.name", "deployment.environment", "deployment.environment.name", "tag.tags",
    "metadata",
)  # fmt: skip
"""Attributes that one may want to filter by; the others are texts, counts and settings."""
_NO_PARENT = (None, "", "0000000000000000")


@dataclass(frozen=True, slots=True)
class Span:
    """A span: its row for rejects, its names and its attributes under dotted names, those of its resource included."""

    row: Row
    trace: object
    parent: object
    name: object
    start: object
    attributes: dict[str, object]
    events: list[tuple[str, dict[str, object]]]


def is_otlp(row: Row) -> bool:
    """Whether a row is OTLP in JSON."""
    return any(isinstance(row.get(key), list) for key in _RESOURCES)


def is_span(row: Row) -> bool:
    """Whether a row is one span."""
    context = as_mapping(row.get("context"))
    placed = (first_of(row, *_TRACE) or first_of(context, *_TRACE)) is not None
    named = (first_of(row, *_SPAN) or first_of(context, *_SPAN)) is not None
    return placed and named and ("attributes" in row or any(key.startswith("attributes.") for key in row))


def span_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """A conversation a session (`session.id`, `gen_ai.conversation.id`), or a trace where there are no sessions."""
    return sessions(steps_of(items, _steps, "no span with a trace id"), tick)


def _steps(line: int, row: Row) -> Iterator[Step | None]:
    return (_step(line, part) for part in _spans(row))


def _spans(row: Row) -> Iterator[Span]:
    if not is_otlp(row):
        if is_span(row):
            yield _span(row, {})
        return
    for resource in listed(row, *_RESOURCES):
        about = flat(plain(as_mapping(resource.get("resource")).get("attributes")))
        for scope in listed(resource, *_SCOPES):
            for span in listed(scope, "spans"):
                yield _span(span, about)


def _span(row: Row, about: Mapping[str, object]) -> Span:
    context = as_mapping(row.get("context"))
    columns = {key.removeprefix("attributes."): row[key] for key in row if key.startswith("attributes.")}
    attributes = dict(about) | flat(plain(as_json(row.get("attributes")))) | flat(columns)
    events = as_json(row.get("events"))
    told = [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []
    return Span(
        row=row,
        trace=first_of(row, *_TRACE) or first_of(context, *_TRACE),
        parent=first_of(row, *_PARENT),
        name=row.get("name"),
        start=first_of(row, *_START),
        attributes=attributes,
        events=[(str(event.get("name")), flat(plain(as_json(event.get("attributes"))))) for event in told],
    )


def _step(line: int, span: Span) -> Step | None:
    if not isinstance(span.trace, str):
        return None
    values = span.attributes
    asked, answered = _exchange(span)
    called = bool(asked) or values.get("openinference.span.kind") == "LLM"
    root = span.parent in _NO_PARENT
    if not asked and root:
        asked = payload_turns(values.get("input.value"))
    if not answered and (root or called):
        answered = payload_answer(values.get("output.value"))
    metadata = {key: values[key] for key in _KEPT if key in values}
    if root and span.name:
        metadata["name"] = span.name
    return Step(
        line=line,
        row=span.row,
        trace=span.trace,
        session=first_of(values, *_SESSION),
        user=first_of(values, *_USER),
        start=span.start,
        rank=1 if root and not called else 2,
        called=called,
        asked=asked,
        answered=answered,
        model=first_of(values, *_MODEL),
        metadata=metadata,
    )


def _exchange(span: Span) -> tuple[list[Message], list[Message]]:
    """What a call of a model was sent, and what it answered; empty where the span is none."""
    asked: list[Message] = []
    answered: list[Message] = []
    for values in (span.attributes, *(about for _, about in span.events)):
        system = system_of(
            values.get("gen_ai.system_instructions") or nested(values, "gen_ai.system_instructions")
        )
        sent = _first(values, "llm.input_messages", "gen_ai.input.messages", "gen_ai.prompt")
        asked = asked or (system + sent if sent else [])
        answered = answered or _answers(
            values, "llm.output_messages", "gen_ai.output.messages", "gen_ai.completion"
        )
    if not asked:
        asked = _told(span.events, "gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message",
                      "gen_ai.tool.message")  # fmt: skip
        answered = answered or answer_of(_told(span.events, "gen_ai.choice"))
    return asked, answered


def _first(values: Mapping[str, object], *names: str) -> list[Message]:
    for name in names:
        found = as_json(values.get(name)) or nested(values, name)
        try:
            turns = turns_of(found) if found else []
        except RowError:
            turns = []
        if turns:
            return turns
    return []


def _answers(values: Mapping[str, object], *names: str) -> list[Message]:
    for name in names:
        turns = answer_of(values.get(name) or nested(values, name))
        if turns:
            return turns
    return []


def _told(events: list[tuple[str, dict[str, object]]], *names: str) -> list[Message]:
    """The turns in the events of some names, in the order of the events."""
    turns: list[Message] = []
    for name, values in events:
        if name not in names:
            continue
        message = nested(values, "message")
        inner = as_json(values.get("message")) or message
        content = values.get("content") or as_mapping(inner).get("content")
        role = values.get("role") or ("assistant" if name == "gen_ai.choice" else name.split(".")[1])
        if isinstance(content, str) and content:
            turns.append({"role": str(role), "content": content})
    return turns
