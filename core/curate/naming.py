"""Titles by hand: what can be one, and its vector."""

from __future__ import annotations

import contextlib

from core.curate.edit import Edit
from core.curate.words import check_characters
from core.errors import ActionError
from core.lookup import find_run
from core.search.embedder import embedders
from core.session import Session
from db import vectors

MAX_TITLE = 120


def check_title(title: str) -> str:
    """A title on one line, trimmed; empty stays empty.

    Raises:
        ActionError: `bad_title`.
    """
    line = " ".join(title.split())
    check_characters(line, "title", "bad_title", seen=True)
    if len(line) > MAX_TITLE:
        raise ActionError(
            "bad_title", f"A title has at most {MAX_TITLE} characters.", "Say more in the description."
        )
    return line


def prepare(session: Session, run: str | None, title: str) -> None:
    """Make the vector of a title before an edit begins: loading a model would keep other processes from writing."""
    workspace = session.workspace
    with contextlib.suppress(ActionError):
        space = vectors.find_space(workspace, find_run(workspace, run or session.view.run).space)
        if title and space is not None:
            embedders(workspace).vector(workspace, space, title)


def title_vector(edit: Edit, title: str) -> bytes | None:
    """The vector of a title in the run's space, float32, as `core.name.create.title_vectors` makes it.

    Without the model of the space there is none, and a note says so: a search by meaning goes by the centroid then.
    """
    workspace = edit.session.workspace
    space = vectors.find_space(workspace, edit.run.space)
    assert space is not None
    try:
        return embedders(workspace).vector(workspace, space, title).astype("<f4").tobytes()
    except ActionError as error:
        edit.note(f"A search by meaning does not know this title: {error.message}")
        return None
