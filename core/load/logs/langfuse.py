"""Exports of Langfuse: traces and observations.

The names are those of its export field reference and of its API: the tables of the user interface and the API write
`traceId`, `sessionId`, `userId`, `startTime`, `parentObservationId`, the export to blob storage `trace_id`, `session_id` and
so on, with `input` and `output` as JSON or as strings of JSON. A row is a trace, an observation, or an object that holds
several: `trace` with `observations`, a session with `traces`, a page of the API with `data`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from core.load.logs.chat import Chat, Row, as_mapping, first_of, without
from core.load.logs.traces import Step, payload_answer, payload_turns, sessions, steps_of
from core.load.read_json import Item
from core.load.records import Reject

_TYPES = (
    "SPAN",
    "GENERATION",
    "EVENT",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "EMBEDDING",
    "GUARDRAIL",
)
_SESSION, _USER = ("sessionId", "session_id"), ("userId", "user_id")
_TRACE, _PARENT = ("traceId", "trace_id"), ("parentObservationId", "parent_observation_id")
_START = ("startTime", "start_time", "timestamp")
_MODEL = ("model", "provided_model_name", "providedModelName", "internalModel")
_LEFT = (
    "input", "output", "observations", "scores_avg", "projectId", "project_id", "htmlPath", "createdAt", "created_at",
    "updatedAt", "updated_at",
)  # fmt: skip


def is_langfuse(row: Row) -> bool:
    """Whether a row is a trace, an observation, or an object that holds such."""
    if _is_observation(row) or _is_trace(row):
        return True
    return any(
        isinstance(inner, Mapping) and (_is_observation(inner) or _is_trace(inner))
        for inner in _inner(row)[:3]
    )


def langfuse_chats(items: Iterable[Item], tick: Callable[[], None]) -> Iterator[Chat | Reject]:
    """A conversation a session, or a trace where there are no sessions."""
    return sessions(steps_of(items, _steps, "neither a trace nor an observation"), tick)


def _is_observation(row: Row) -> bool:
    return any(key in row for key in _TRACE) and row.get("type") in _TYPES


def _is_trace(row: Row) -> bool:
    named = {"id", "timestamp", "input", "output"} <= row.keys()
    return named and any(key in row for key in _SESSION) and any(key in row for key in _USER)


def _inner(row: Row) -> list[object]:
    found: list[object] = []
    if isinstance(row.get("trace"), Mapping):
        found.append(row["trace"])
    for key in ("observations", "traces", "data"):
        value = row.get(key)
        if isinstance(value, list):
            found += value
    return found


def _steps(line: int, row: Row) -> Iterator[Step | None]:
    return (_step(line, part) for part in _parts(row))


def _parts(row: Row) -> Iterator[Row]:
    if _is_observation(row) or _is_trace(row):
        yield row
    for inner in _inner(row):
        if isinstance(inner, Mapping):
            yield from _parts(inner)


def _step(line: int, row: Row) -> Step | None:
    observation = _is_observation(row)
    trace = first_of(row, *_TRACE) if observation else row.get("id")
    if not isinstance(trace, str):
        return None
    model = first_of(row, *_MODEL)
    root = not observation or first_of(row, *_PARENT) is None
    about = (
        without(row, "id", "type", *_TRACE, *_PARENT, *_SESSION, *_USER, *_START, *_MODEL, *_LEFT)
        if root
        else {}
    )
    own = as_mapping(row.get("metadata"))
    return Step(
        line=line,
        row=row,
        trace=trace,
        session=first_of(row, *_SESSION),
        user=first_of(row, *_USER),
        start=first_of(row, *_START),
        rank=0 if not observation else 1 if root and row.get("type") != "GENERATION" else 2,
        called=row.get("type") == "GENERATION",
        asked=payload_turns(row.get("input")),
        answered=payload_answer(row.get("output")),
        model=model,
        language=own.get("language") or own.get("lang"),
        metadata=about,
    )
