"""The map of a run: its texts in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.registry import action
from core.session import Session

if TYPE_CHECKING:
    from core.map.rows import MapMade, MapShown
    from core.page import Page


def _plan(session: Session, **asked: Any) -> MapMade:
    from core.map.build import MapAsked, plan_map

    return plan_map(session, MapAsked(**asked))


@action(
    "map.build",
    title="Build the map",
    scope="global",
    effect="job",
    plan=_plan,
    examples=("map.build", "map.build method=umap seed=7", "map.build method=umap sample=50000"),
)
def build(
    session: Session,
    *,
    run: str | None = None,
    method: Literal["pca", "umap"] = "pca",
    seed: int = 42,
    sample: int | None = None,
) -> MapMade:
    """Lay the texts of a run out in two dimensions, once; map.show then draws them at any zoom.

    It takes the place of the run's last map. Stopped while it places texts, a build by UMAP goes on there the next time.

    Args:
        run: The run's id; the default is the current one.
        method: `pca` takes seconds: the axes on which the clusters lie furthest apart; `umap` keeps close what is alike, in minutes.
        seed: Of umap: makes the same map again.
        sample: Of umap: lay out so many texts, and put each other one among its nearest; the default is 20,000.
    """
    from core.map.build import MapAsked, build_map

    return build_map(session, MapAsked(run, method, seed, sample))


@action(
    "map.show",
    title="Map",
    scope="global",
    effect="read",
    keys=("5",),
    examples=(
        "map.show",
        "map.show x=0.4 y=0.6 width=0.2 columns=40 rows=20",
        'map.show text="python OR sql" limit=5',
        "map.show node=t1",
    ),
)
def show(
    session: Session,
    *,
    run: str | None = None,
    x: float | None = None,
    y: float | None = None,
    width: float | None = None,
    columns: int = 40,
    rows: int = 16,
    aspect: float = 2.0,
    text: str | None = None,
    cluster: int | None = None,
    node: str | None = None,
    limit: int = 40,
) -> MapShown:
    """A part of the map as cells with their queries, leading cluster and theme, and the clusters and themes in sight.

    Args:
        run: The run's id; the default is the current one.
        x: The middle of what is shown, from left to right; the map lies within 0 to 1.
        y: The middle of what is shown, from the bottom up.
        width: How much of it is shown from left to right; the default is all of it.
        columns: Cells from left to right.
        rows: Cells from top to bottom.
        aspect: How much higher than wide a cell is.
        text: Light up the texts that match this search.
        cluster: Light up a cluster.
        node: Light up a node of the tree with all below it.
        limit: At most so many clusters, and themes, in sight are told of: those of most queries.
    """
    from core.map.show import MapView, map_shown

    return map_shown(session, MapView(run, x, y, width, columns, rows, aspect, text, cluster, node, limit))


@action(
    "map.near",
    title="Clusters near a point of the map",
    scope="global",
    effect="read",
    examples=("map.near x=0.4 y=0.6 limit=3",),
)
def near(session: Session, *, x: float, y: float, run: str | None = None, limit: int = 10) -> Page:
    """The clusters whose middles lie nearest to a point of the map, nearest first.

    Args:
        x: From left to right; the map lies within 0 to 1.
        y: From the bottom up.
        run: The run's id; the default is the current one.
        limit: At most so many.
    """
    from core.map.show import clusters_near

    return clusters_near(session, run, x, y, limit)
