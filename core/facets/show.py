"""Which facets there are, what made one, and where the value of a query comes from."""

from __future__ import annotations

import json

from core.errors import ActionError
from core.facets.builtin import LOG, LOG_FIELDS
from core.facets.fields import find_stored
from core.facets.rows import FacetDeleted, FacetProblem, FacetRow, FacetShown
from core.lookup import find_dataset
from core.name.show import said_in
from core.session import Session
from db import facets as stored
from db.columns import log_column
from db.facet_counts import count_known
from db.facets import FacetInfo
from db.llm_log import answer_of
from db.workspace import Workspace

_PROBLEMS = 20


def facets(session: Session, dataset: str | None) -> tuple[FacetRow, ...]:
    """The facets of a dataset: those that were made, and what the log says by itself.

    Raises:
        ActionError: `no_data` or `unknown_dataset`.
    """
    workspace = session.workspace
    dataset_id, _ = find_dataset(workspace, dataset or session.view.dataset)
    made = stored.facets(workspace, dataset_id)
    names = {facet.name for facet in made}
    total, known = count_known(workspace, LOG_FIELDS, dataset_id)
    return (
        *(_row(workspace, facet) for facet in made),
        *(_log_row(LOG * (name in names) + name, known[name], total) for name in LOG_FIELDS),
    )


def _row(workspace: Workspace, facet: FacetInfo) -> FacetRow:
    counts = stored.counts_of(workspace, facet.id, facet.dataset_id)
    return FacetRow(
        facet=facet.name,
        source=facet.source,
        unit=facet.unit,
        kind=facet.kind,
        values=facet.values,
        model=facet.model,
        known=counts.known,
        failed=counts.failed,
        missing=counts.missing,
        status=counts.status,
        cost=facet.cost,
        created_at=facet.created_at,
    )


def _log_row(name: str, known: int, total: int) -> FacetRow:
    column = log_column(name.removeprefix(LOG))
    return FacetRow(
        facet=name,
        source="log",
        unit="conversation",
        kind="number" if column.numeric else "text",
        values=column.bands,
        model="",
        known=known,
        failed=0,
        missing=total - known,
        status="done",
        cost=0.0,
        created_at="",
    )


def show(session: Session, name: str, dataset: str | None, query: int | None, prompt: bool) -> FacetShown:
    """A facet with what made it, and where a query's value comes from.

    Args:
        session: Where the user is.
        name: The facet's name.
        dataset: The dataset's name; `None` is the current one.
        query: A query of the dataset, whose value is shown.
        prompt: Whether to show what the model was told about it and what it answered, too.

    Raises:
        ActionError: `no_data`, `unknown_dataset`, `unknown_facet` or `unknown_query`.
    """
    workspace = session.workspace
    dataset_id, dataset_name = find_dataset(workspace, dataset or session.view.dataset)
    if query is not None:
        _check_query(workspace, dataset_id, dataset_name, query)
    facet = stored.find_facet(workspace, dataset_id, name)
    if facet is None and name.removeprefix(LOG) in LOG_FIELDS:
        return _shown_field(workspace, dataset_id, dataset_name, name, query)
    facet = facet or find_stored(workspace, dataset_id, name)
    order = facet.parameters.get("order", {})
    found = stored.value_of_query(workspace, facet.id, query) if query is not None else None
    call = answer_of(workspace, found.prompt_hash, found.attempt) if prompt and found else None
    system, user = said_in(json.loads(call[0])) if call else (None, None)
    status = None
    if query is not None:
        status = "missing" if found is None else stored.KNOWN if found.value is not None else stored.FAILED
    return FacetShown(
        **vars(_row(workspace, facet)),
        dataset=dataset_name,
        question=order.get("question") or facet.parameters.get("from", ""),
        template=order.get("prompt", ""),
        problems=tuple(FacetProblem(*row) for row in stored.problems(workspace, facet.id, _PROBLEMS)),
        query=query,
        value=found.value if found else None,
        value_status=status,
        problem=found.problem if found else "",
        system=system,
        user=user,
        answer=call[1] if call else None,
    )


def _shown_field(
    workspace: Workspace, dataset_id: int, dataset: str, name: str, query: int | None
) -> FacetShown:
    field = name.removeprefix(LOG)
    total, known = count_known(workspace, (field,), dataset_id)
    row = _log_row(name, known[field], total)
    value = None
    if query is not None:
        column = log_column(field)
        value = workspace.value(f"SELECT {column.sql} FROM query q WHERE q.id = ?", (query,))
    return FacetShown(
        **vars(row),
        dataset=dataset,
        question="What the log says.",
        template="",
        problems=(),
        query=query,
        value=None if value is None else str(value),
        value_status=None if query is None else "missing" if value is None else stored.KNOWN,
    )


def _check_query(workspace: Workspace, dataset_id: int, dataset: str, query: int) -> None:
    found = workspace.value("SELECT 1 FROM query WHERE id = ? AND dataset_id = ?", (query, dataset_id))
    if found is None:
        raise ActionError(
            "unknown_query", f"{dataset} has no query {query}.", "Lists show the numbers of queries."
        )


def delete(session: Session, name: str, dataset: str | None) -> FacetDeleted:
    """Remove a facet with its values.

    Raises:
        ActionError: `no_data`, `unknown_dataset` or `unknown_facet`.
    """
    workspace = session.workspace
    dataset_id, dataset_name = find_dataset(workspace, dataset or session.view.dataset)
    facet = find_stored(workspace, dataset_id, name)
    with workspace.transaction() as connection:
        removed = stored.delete_facet(connection, facet.id)
    return FacetDeleted(name, dataset_name, removed)
