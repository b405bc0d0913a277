"""What the server on loopback answers about facets: values that follow from the records that a prompt shows."""

from __future__ import annotations

import re
from typing import Any

from tests.messages_server import Seen

Record = list[dict[str, Any]]
"""The lines of one record: `n`, `text`, and `role` where it is a turn."""


def records_of(seen: Seen) -> list[Record]:
    """The records of a request, in the order of their numbers."""
    lines = seen.block("records")
    return [[line for line in lines if line["n"] == n] for n in sorted({line["n"] for line in lines})]


def first_text(seen: Seen) -> str:
    """The first line of the first record."""
    return str(records_of(seen)[0][0]["text"])


def value_of(record: Record, schema: dict[str, Any]) -> Any:
    """A value that follows from a record's text and what its schema allows."""
    text = " ".join(line["text"] for line in record)
    if "enum" in schema:
        return schema["enum"][len(text) % len(schema["enum"])]
    if schema["type"] == "integer":
        return schema["minimum"] + len(text) % (schema["maximum"] - schema["minimum"] + 1)
    return f"The person wants {' '.join(re.findall(r'[A-Za-z0-9]+', text)[:4]) or 'signs'}"


def _schema(body: dict[str, Any]) -> Any:
    """The schema of a tool, or of an answer without one."""
    if "tools" not in body:
        return body["response_format"]["json_schema"]["schema"]
    tool = body["tools"][0]
    return tool.get("input_schema") or tool["function"]["parameters"]


def facet_answer(seen: Seen) -> dict[str, Any]:
    """The values of the records, in the form that is asked for."""
    schema = _schema(seen.body)
    if "value" in schema["properties"]:
        return {"value": value_of(records_of(seen)[0], schema["properties"]["value"])}
    value = schema["$defs"]["NumberedValue"]["properties"]["value"]
    return {
        "answers": [{"n": record[0]["n"], "value": value_of(record, value)} for record in records_of(seen)]
    }
