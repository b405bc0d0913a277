"""The clusters of a run by growth, or only those that a filter leaves."""

from __future__ import annotations

from dataclasses import replace

from core.browse.growth import halves
from core.browse.leaves import counted, leaves
from core.browse.order import rank, ranks, written
from core.browse.rows import ClusterSort, Narrowing, Sort
from core.clusters import cluster_rows
from core.cursors import signed, unsigned
from core.lookup import RunInfo
from core.page import Page
from core.update.lag import lag_note
from db.workspace import Workspace


def arranged(
    workspace: Workspace, run: RunInfo, sort: ClusterSort, narrowing: Narrowing, limit: int, after: str | None
) -> Page:
    """The clusters that a filter leaves, the noise and the orphans last; sizes and shares are of the queries that it leaves.

    Raises:
        ActionError: `bad_cursor`, `no_times`, and what `counted` raises.
    """
    made_by = ("cluster.list", run.name, sort, narrowing)
    cursor = unsigned(after, *made_by)
    by: Sort = "size" if sort == "cluster" else sort
    start = () if cursor is None else ranks(cursor, by, (int, int))
    known = leaves(workspace, run)
    sizes = counted(workspace, run, narrowing, {})
    half = halves(workspace, run) if sort == "growth" else None
    growth = {
        number: half.growth(half.early.get(number, 0), half.late.get(number, 0)) if half else None
        for number in sizes
    }
    places = sorted(
        (
            rank(
                by,
                leaf.kind,
                leaf.title,
                0 if sort == "cluster" else sizes[n],
                leaf.coherence,
                growth[n],
                n,
                0,
            ),
            n,
        )
        for n in sizes
        for leaf in (known[n],)
    )
    first = next((at for at, (place, _) in enumerate(places) if (place,) > start), len(places))
    shown = places[first : first + limit]
    rows = cluster_rows(workspace, run, [number for _, number in shown])
    whole = sum(sizes.values())
    page = tuple(replace(rows[n], size=sizes[n], share=sizes[n] / whole, growth=growth[n]) for _, n in shown)
    last = written([shown[-1][0]]) if first + limit < len(places) else None
    return Page(page, len(places), signed(last, *made_by), lag_note(workspace, run))
