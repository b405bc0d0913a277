"""Any edits, replayed on the same run made again and on other runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.replay.rows import ReplayRow
from core.session import Session
from db.invariants import violations
from tests import edit_steps
from tests.doors import FULL
from tests.edit_steps import MAKERS, Step, dump, opened
from tests.run_shape import shape


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edit_steps.build(tmp_path_factory.mktemp("replay-any") / "w")


numbers = st.integers(0, 10_000)
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from([*sorted(MAKERS), "edit.undo", "edit.redo"]), numbers, numbers, numbers),
    min_size=1,
    max_size=30,
)
examples = settings(
    max_examples=200 if FULL else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not FULL,
)


def do_all(session: Session, script: list[Step]) -> None:
    for step in script:
        if step[0] in MAKERS:
            edit_steps.do(session, step)
            continue
        try:
            session.dispatch(step[0])
        except ActionError as error:
            if error.code not in ("nothing_to_undo", "nothing_to_redo", "edit_depends"):
                raise


def do_replay(session: Session, old: str, new: str, **more: Any) -> tuple[ReplayRow, ...]:
    try:
        rows: tuple[ReplayRow, ...] = session.dispatch("edit.replay", {"from": old, "to": new, **more}).data
    except ActionError as error:
        if error.code != "nothing_to_replay":
            raise
        return ()
    return rows


@pytest.mark.timeout(3600 if FULL else 200)
@examples
@given(script=steps)
def test_any_edits_make_the_same_of_a_run_that_is_made_again(small: Path, script: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = opened(shutil.copytree(small, Path(folder) / "w"))
        old = str(session.view.run)
        do_all(session, script)
        wanted = shape(session, old)
        for action, params in (
            ("run.hdbscan", {"min_cluster_size": 3, "min_samples": 1, "reduce": "none"}),
            ("summary.create", {}),
            ("hierarchy.build", {"levels": 2, "width": 2}),
            ("hierarchy.build", {"levels": 3, "width": 3}),
        ):
            session.dispatch(action, params)
        new = str(session.view.run)
        rows = do_replay(session, old, new)
        assert {row.outcome for row in rows} <= {"applied"}, rows
        assert shape(session, new) == wanted
        assert violations(session.workspace) == []
        assert all(row.why.startswith("Already so") for row in do_replay(session, old, new))
        assert shape(session, new) == wanted
        session.close()


@pytest.mark.timeout(3600 if FULL else 200)
@examples
@given(script=steps, mine=steps, k=st.integers(2, 12), least=st.sampled_from((0.2, 0.5, 0.8)))
def test_any_edits_on_any_other_run_are_done_once_and_can_be_undone(
    small: Path, script: list[Step], mine: list[Step], k: int, least: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = opened(shutil.copytree(small, Path(folder) / "w"))
        old = str(session.view.run)
        do_all(session, script)
        for action, params in (
            ("run.kmeans", {"k": k}),
            ("summary.create", {}),
            ("hierarchy.build", {"levels": 3, "width": 3}),
        ):
            session.dispatch(action, params)
        do_all(session, [step for step in mine[:5] if step[0] in MAKERS])
        new, before = str(session.view.run), dump(session)
        rows = do_replay(session, old, new, min_overlap=least)
        assert violations(session.workspace) == []
        after = dump(session)
        again = do_replay(session, old, new, min_overlap=least)
        assert dump(session) == after
        assert [row.outcome for row in again] == [row.outcome for row in rows]
        count = sum(len(row.edits) for row in rows)
        if count:
            session.dispatch("edit.undo", {"count": count})
        assert dump(session) == before
        session.close()
