"""The most frequent values of facets in one cluster."""

from __future__ import annotations

from core.facets.rows import FacetTop
from core.lookup import RunInfo
from db import facets as stored
from db.workspace import Workspace

TOP = 5


def top_values(workspace: Workspace, run: RunInfo, cluster: int) -> tuple[FacetTop, ...]:
    """The `TOP` most frequent values of each facet of the run's dataset, with how many of the cluster's queries have it."""
    made = stored.facets(workspace, run.dataset_id)
    if not made:
        return ()
    found = stored.counts_in_cluster(workspace, run.id, cluster)
    return tuple(
        FacetTop(facet.name, tuple(sorted(found[facet.id], key=lambda pair: (-pair[1], pair[0]))[:TOP]))
        for facet in made
        if facet.id in found
    )
