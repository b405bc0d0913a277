"""The most frequent values of several facets at once: what stands beside the hits of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ActionError
from core.facets.count import count_asked
from core.facets.fields import CLUSTER
from core.facets.rows import FacetValue
from core.lookup import find_dataset, find_run
from core.page import Page
from core.search.saved import Asked, filtered
from db.facets import facets

if TYPE_CHECKING:
    from core.session import Session

USUAL = ("language", "chat_model", CLUSTER, "week")
"""The facets that every log has, as far as it says anything."""

MOST = 50
"""At most so many facets are counted in one go."""


def several(session: Session, by: str | None, top: int, saved: str | None, asked: Asked) -> Page:
    """The `top` most frequent values of each facet, as `FacetValue`s, facet after facet; `total` counts facets.

    A facet of which no query has a value is left out where it was not asked for by name.

    Raises:
        ActionError: `bad_parameter` for too many facets, and what `core.facets.count.count` raises.
    """
    named = tuple(dict.fromkeys(name for part in (by or "").split(",") if (name := part.strip())))
    if len(named) > MOST:
        raise ActionError("bad_parameter", f"by= names {len(named)} facets: at most {MOST}.", "Ask twice.")
    rows: list[FacetValue] = []
    counted = 0
    note: str | None = None
    for name in named or known(session, saved, asked):
        page = count_asked(session, name, saved, asked, "count", top, None)
        if not named and all(row.value is None for row in page.rows):
            continue
        counted += 1
        note = page.note
        rows += [
            FacetValue(name, row.value, row.title, row.count, row.share, row.lift, page.total or 0)
            for row in page.rows
        ]
    return Page(tuple(rows), counted, note=note)


def known(session: Session, saved: str | None, asked: Asked) -> tuple[str, ...]:
    """The names of the usual facets and of those that were made for the dataset; clusters only where there is a run.

    Raises:
        ActionError: `no_data`, `unknown_dataset`, `unknown_run` or `unknown_saved`.
    """
    workspace = session.workspace
    narrow = filtered(session, saved, asked).narrow
    run = find_run(workspace, narrow.run) if narrow.run is not None else None
    dataset, _ = find_dataset(workspace, narrow.dataset or (run.dataset if run else None))
    made = [facet.name for facet in facets(workspace, dataset)]
    usual = [name for name in USUAL if name not in made and (name != CLUSTER or run is not None)]
    return (*usual, *made)
