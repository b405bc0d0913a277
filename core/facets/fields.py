"""What the name of a facet stands for: a facet that was made, a field of the log, or the clusters of a run."""

from __future__ import annotations

from core.facets.builtin import LOG, LOG_FIELDS
from core.lookup import RunInfo, find_run, unknown
from db import facets as stored
from db.columns import Column, cluster_column, facet_column, log_column
from db.facets import FacetInfo
from db.workspace import Workspace

CLUSTER = "cluster"


def find_stored(workspace: Workspace, dataset_id: int, name: str) -> FacetInfo:
    """The facet of that name that was made for a dataset.

    Raises:
        ActionError: `unknown_facet`.
    """
    found = stored.find_facet(workspace, dataset_id, name)
    if found is None:
        names = [facet.name for facet in stored.facets(workspace, dataset_id)]
        raise unknown("facet", name, names, "facet.list shows them; facet.extract makes one.")
    return found


def find_field(
    workspace: Workspace, dataset_id: int, run: RunInfo | None, name: str
) -> tuple[Column, FacetInfo | None]:
    """The column that a name stands for, and the facet where one was made.

    A facet that was made goes before the log's field of the same name, which stays within reach as `log.NAME`.

    Raises:
        ActionError: `unknown_facet`; `no_run` for `cluster` where there is no run.
    """
    made = {facet.name: facet for facet in stored.facets(workspace, dataset_id)}
    if name in made:
        return facet_column(made[name]), made[name]
    field = name.removeprefix(LOG)
    if field in LOG_FIELDS:
        return log_column(field), None
    if name == CLUSTER:
        return cluster_column((run or find_run(workspace, None)).id), None
    known = [*made, *LOG_FIELDS, CLUSTER]
    raise unknown("facet", name, known, "facet.list shows them; facet.extract makes one.")
