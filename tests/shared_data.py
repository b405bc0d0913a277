"""Data sets that lie beside the checkout, where there are any; a test that needs one is skipped without it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

FOLDER = ROOT / "../shared/data"


def shared_data(name: str) -> Path:
    """The path of a shared data set; skips the test when it is not there."""
    path = (FOLDER / name).resolve()
    if not path.exists():
        pytest.skip(f"{name} is not beside the checkout (../shared/data)")
    return path
