"""How a structured answer is asked for.

Anthropic and OpenAI take a tool that must be used. Servers of one's own differ: most constrain an answer to a schema
(vLLM, SGLang, Ollama, LM Studio, llama.cpp), some want the older `json_object` (llama-cpp-python answers `json_schema` with
HTTP 500), some take neither; and a small model leaves a tool unused that it must use. So the strictest form is asked for first,
the next one where a server refuses it, and every form but the tool tells the model the schema in words, too: a server that
silently ignores the form still has it answered.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from core.llm.failures import CallFailed
from core.llm.target import Target

Form = Literal["tool", "json_schema", "json_object", "plain"]

_OWN: tuple[Form, ...] = ("json_schema", "json_object", "plain")

_STATUSES = (400, 422, 500)

_COMPLAINT = re.compile(
    r"response[ _]?format|json[ _]?schema|json[ _]?object|json[ _]?mode|structured[ _]outputs?|guided|grammar"
)


class FormRefused(CallFailed):
    """A server does not know the form of the request; the next request has another, and is worth sending at once."""

    def __init__(self, failure: CallFailed) -> None:
        super().__init__("server", failure.message, status=failure.status, retry_after=0.0, body=failure.body)


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is wanted, not true or false")
    return value


Number = Annotated[int, BeforeValidator(_no_truth)]
"""A whole number in an answer: `true` would pass for 1, and stand for the first of a list."""


def forms_of(target: Target) -> tuple[Form, ...]:
    """The forms to try at a provider, the strictest first."""
    return ("tool",) if target.provider in ("anthropic", "openai") else _OWN


def complains_of_form(failure: CallFailed) -> bool:
    """Whether a server says that it cannot answer in the form that it was asked for."""
    words = f"{failure.message} {failure.body or ''}".lower()
    return failure.status in _STATUSES and _COMPLAINT.search(words) is not None


def instruction(target: Target, schema: type[BaseModel]) -> str:
    """What the system says of the answer's form; empty where a tool says it."""
    if forms_of(target)[0] == "tool":
        return ""
    text = json.dumps(_without_titles(schema.model_json_schema()), ensure_ascii=False)
    return f"Answer with one JSON object, and nothing else. It is an instance of this JSON schema:\n{text}"


def _without_titles(part: Any) -> Any:
    """A schema without the titles that pydantic makes of names: small models take them for values of a field `title`."""
    if isinstance(part, list):
        return [_without_titles(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _without_titles(value)
        for name, value in part.items()
        if not (name == "title" and isinstance(value, str))
    }


def in_form(request: dict[str, Any], form: Form, schema: type[BaseModel]) -> dict[str, Any]:
    """The request for a JSON schema, in another form."""
    if form in ("tool", "json_schema"):
        return request
    other = {name: value for name, value in request.items() if name != "response_format"}
    if form == "plain":
        return other
    # The schema is where llama-cpp-python and llama.cpp look for it; others pass over it.
    return other | {"response_format": {"type": "json_object", "schema": schema.model_json_schema()}}


def form_of(request: dict[str, Any]) -> Form:
    """The form that a request has."""
    if "tools" in request:
        return "tool"
    found: Form = request.get("response_format", {}).get("type", "plain")
    return found
