"""Clusters of the sample named by a real language model, end to end: what a server really says is understood.

Nothing here looks at how good a name is: the model has 135 million parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.name.answer import NameCluster
from tests.doors import run_text
from tests.local_model import serving_model
from tests.naming import rows, said

pytestmark = pytest.mark.slow

SMALL = "examples=3 contrast=1 concurrency=1"
"""As little to read as may be: the model reads 150 tokens a second."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving_model() as url:
        yield url


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two clusters of the sample."""
    folder = tmp_path / "w"
    made = run_text(
        folder, "data.load source=sample limit=40\nembed.run model=lexical\nrun.kmeans k=2 seed=7"
    )
    assert made.code == 0, made.err
    return folder


def journal(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The requests and bodies of all calls; each was answered, and its tokens are those that the server counted."""
    calls = rows(folder, "SELECT request, response, status, tokens_in, tokens_out FROM llm_call ORDER BY id")
    found = []
    for request, response, status, tokens_in, tokens_out in calls:
        assert status == "answered", response
        body = json.loads(response)
        usage = {name: count for name, count in body["usage"].items() if isinstance(count, int)}
        received = usage.get("completion_tokens", usage.get("output_tokens"))
        assert tokens_out == received > 0
        assert tokens_in == sum(count for name, count in usage.items() if "input" in name or "prompt" in name)
        found.append((json.loads(request), body))
    return found


def test_clusters_are_named_by_a_schema(address: str, workspace: Path) -> None:
    line = f"summary.create model=smollm2 base_url={address}/v1 {SMALL}"
    told = said(workspace, line, dry=True)
    made = said(workspace, line)
    assert (told["calls"], made["clusters"]) == (2, 2)
    calls = journal(workspace)
    assert 2 <= len(calls) == made["calls"] <= 6
    schema = NameCluster.model_json_schema()
    read = 0
    for request, body in calls:
        assert request["response_format"]["json_schema"]["schema"] == schema
        (choice,) = body["choices"]
        if choice["finish_reason"] == "stop":
            NameCluster.model_validate_json(choice["message"]["content"])
            read += 1
    assert read > 0
    # A name comes from an answer, or it says why there is none.
    shown = [said(workspace, f"summary.show cluster={cluster} prompt=true") for cluster in (0, 1)]
    assert any(name["status"] in ("named", "unsupported") for name in shown)
    for name in shown:
        assert name["title"]
        if name["status"] in ("named", "unsupported"):
            answer = json.loads(json.loads(name["answer"])["choices"][0]["message"]["content"])
            assert answer["coherence"] == name["coherence"]
            assert "<members>" in name["user"] and "<members>" not in name["system"]
        else:
            assert name["problem"]
    assert made["status"] == ("partial" if made["failed"] else "done")
    again = said(workspace, f"{line} alias=again")
    assert (again["calls"], again["failed"]) == (0, made["failed"])


def test_ollamas_way_is_the_same_and_costs_nothing(address: str, workspace: Path) -> None:
    made = said(workspace, f"summary.create model=ollama/smollm2 base_url={address}/v1 max_calls=1 {SMALL}")
    ((request, body),) = journal(workspace)
    assert (made["calls"], made["cost"], made["status"]) == (1, 0.0, "partial")
    assert request["response_format"]["type"] == "json_schema"
    assert body["choices"][0]["message"]["content"]


def test_the_messages_api_is_spoken_though_the_model_uses_no_tool(
    address: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-not-a-key-of-anyone")
    made = said(workspace, f"summary.create model=anthropic/smollm2 base_url={address} max_calls=1 {SMALL}")
    ((request, body),) = journal(workspace)
    assert (made["calls"], made["status"]) == (1, "partial")
    assert request["tool_choice"]["name"] == "NameCluster"
    assert body["type"] == "message"
    # Every cluster has a name, and says why it is not the model's.
    listed = rows(workspace, "SELECT title, status, problem FROM summary")
    assert len(listed) == 2
    assert all(title and (status == "named" or problem) for title, status, problem in listed)
