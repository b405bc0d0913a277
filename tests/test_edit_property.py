"""Any edits, then as many undos: the store is the same, byte for byte, and so is what searches find."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.invariants import violations
from tests.doors import FULL
from tests.edit_steps import MAKERS, Step, do, dump, opened, searches

numbers = st.integers(0, 10_000)
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(sorted(MAKERS)), numbers, numbers, numbers), min_size=1, max_size=40
)
examples = settings(
    max_examples=500 if FULL else 25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not FULL,
)


@pytest.mark.timeout(7200 if FULL else 400)
@examples
@given(script=steps)
def test_any_edits_and_as_many_undos_leave_the_store_as_it_was(edit_base: Path, script: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = opened(shutil.copytree(edit_base, Path(folder) / "w"))
        before, found = dump(session), searches(session)
        done = 0
        for step in script:
            done += do(session, step) is not None
            assert violations(session.workspace) == [], step
        if done:
            after, found_after = dump(session), searches(session)
            assert len(session.dispatch("edit.undo", {"count": done}).data) == done
            assert dump(session) == before
            assert searches(session) == found
            assert len(session.dispatch("edit.redo", {"count": done}).data) == done
            assert dump(session) == after
            assert searches(session) == found_after
            for _ in range(done):
                session.dispatch("edit.undo")
                assert violations(session.workspace) == []
            assert dump(session) == before
        session.close()
