"""Searches that are kept under a name, and a search as an action is asked for it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from core.errors import ActionError
from core.lookup import check_limit, unknown
from core.page import Page
from core.search.rows import SavedSearch, SearchForgotten
from core.search.scope import Narrow, find_scope
from db import saved_searches as stored

if TYPE_CHECKING:
    from core.search.ranking import Mode
    from core.session import Session
    from db.workspace import Workspace

_NAME = re.compile(r"[\w][\w .+-]{0,59}")


@dataclass(frozen=True)
class Asked:
    """A search as it is asked for; in `narrow` and `space` only what was given."""

    text: str | None = None
    mode: Mode | None = None
    space: str | None = None
    narrow: Narrow = field(default_factory=Narrow)


def completed(session: Session, saved: str | None, asked: Asked) -> Asked:
    """A search with what it leaves open from a saved one, and where the user is for what that leaves open, too.

    Raises:
        ActionError: `unknown_saved`; `empty_search` where there is nothing to search for.
    """
    asked = filtered(session, saved, asked)
    if asked.text is None:
        raise ActionError(
            "empty_search",
            "search.queries needs text= or saved=.",
            "Example: search.queries text=poem; all that a filter leaves: search.queries text='language:German turns:>=3'",
        )
    return asked


def filtered(session: Session, saved: str | None, asked: Asked) -> Asked:
    """As `completed`, for what can do without a text: counts, which are then of everything that the filter leaves.

    Raises:
        ActionError: `unknown_saved`.
    """
    if saved is not None:
        kept = _asked(_find(session.workspace, saved))
        narrow = {name: value for name, value in asdict(asked.narrow).items() if value is not None}
        asked = Asked(
            kept.text if asked.text is None else asked.text,
            asked.mode or kept.mode,
            asked.space or kept.space,
            Narrow(**asdict(kept.narrow) | narrow),
        )
    return Asked(asked.text, asked.mode, asked.space, placed(session, asked.narrow))


def placed(session: Session, narrow: Narrow) -> Narrow:
    """A filter with the run and the dataset where the user is, where it names none."""
    dataset = narrow.dataset or (None if narrow.run else session.view.dataset)
    return Narrow(**asdict(narrow) | {"dataset": dataset, "run": narrow.run or session.view.run})


def save(session: Session, name: str, asked: Asked, overwrite: bool) -> SavedSearch:
    """Keep a search under a name; it must be one that can be made now.

    Raises:
        ActionError: `bad_name`, `saved_exists`, and what `core.search.scope.find_scope` raises.
    """
    if not _NAME.fullmatch(name):
        raise ActionError(
            "bad_name",
            f"name={name[:60]!r} is no name for a search.",
            "Use up to 60 letters, digits, spaces and . _ + -, beginning with a letter or digit.",
        )
    text = asked.text or ""
    find_scope(session.workspace, placed(session, asked.narrow), text)
    parameters = {"mode": asked.mode, "space": asked.space} | asdict(asked.narrow)
    given = json.dumps({name: value for name, value in parameters.items() if value is not None})
    kept = stored.Saved(name, text, given, session.actor, session.workspace.clock())
    with session.workspace.transaction() as connection:
        if not stored.put(connection, kept, overwrite):
            raise ActionError(
                "saved_exists", f"There is a search {name!r} already.", "overwrite=true replaces it."
            )
    return _row(kept)


def saved(workspace: Workspace, limit: int, after: str | None) -> Page:
    """The saved searches by name, as `SavedSearch`es; a cursor is the last name.

    Raises:
        ActionError: `bad_limit`.
    """
    check_limit(limit)
    found = stored.listed(workspace, after or "", limit + 1)
    rows = tuple(_row(kept) for kept in found[:limit])
    return Page(rows, stored.count(workspace), rows[-1].name if len(found) > limit else None)


def forget(session: Session, name: str) -> SearchForgotten:
    """Take the name of a saved search away.

    Raises:
        ActionError: `unknown_saved`.
    """
    _find(session.workspace, name)
    with session.workspace.transaction() as connection:
        stored.remove(connection, name)
    return SearchForgotten(name)


def _find(workspace: Workspace, name: str) -> stored.Saved:
    kept = stored.find(workspace, name)
    if kept is None:
        names = [saved.name for saved in stored.listed(workspace, "", 1000)]
        raise unknown("saved", name, names, "search.saved shows them; search.save makes one.")
    return kept


def _asked(kept: stored.Saved) -> Asked:
    given: dict[str, Any] = json.loads(kept.parameters)
    mode, space = cast("Mode | None", given.pop("mode", None)), given.pop("space", None)
    return Asked(kept.text, mode, space, Narrow(**given))


def _row(kept: stored.Saved) -> SavedSearch:
    asked = _asked(kept)
    return SavedSearch(
        name=kept.name,
        text=kept.text,
        mode=asked.mode,
        space=asked.space,
        saved_by=kept.saved_by,
        saved_at=kept.saved_at,
        **asdict(asked.narrow),
    )
