"""Going on with a facet, in the way in which it was made."""

from __future__ import annotations

from core.facets import given
from core.facets.fields import find_stored
from core.facets.rows import FacetMade, FacetPlan
from core.llm.batch_rows import BatchWaiting
from core.llm.pace import Pace
from core.lookup import find_dataset
from core.session import Session


def resume(
    session: Session, name: str, dataset: str | None, limit: int | None, pace: Pace, *, dry: bool
) -> FacetMade | FacetPlan | BatchWaiting:
    """Give a value to the conversations that have none: new ones, those not asked about, and those that failed.

    Args:
        session: Where the user is.
        name: The facet's name.
        dataset: The dataset's name; `None` is the current one.
        limit: Only the first so many distinct queries or conversations; `None`: all.
        pace: Limits of the calls.
        dry: Say what it would take instead of doing it.

    Raises:
        ActionError: `unknown_facet`, `not_resumable`, and what `core.facets.extract.run` raises.
    """
    workspace = session.workspace
    dataset_id, dataset_name = find_dataset(workspace, dataset or session.view.dataset)
    facet = find_stored(workspace, dataset_id, name)
    if facet.source == "model":
        from core.facets import extract

        def begin() -> extract.Started:
            return extract.start_again(session, facet, dataset_name, limit, pace)

        return extract.plan(session, begin()) if dry else extract.extract(session, begin, pace)
    if not dry:
        return given.refresh(session, facet, dataset_name)
    with session.rolled_back():
        return given.refresh(session, facet, dataset_name)
