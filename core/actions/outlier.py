"""Texts that fit badly where they are, or stand there many times over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.page import Page
    from core.session import Session


@action(
    "outlier.list",
    title="Outliers",
    scope="runs",
    effect="read",
    examples=(
        "outlier.list kind=far",
        "outlier.list kind=lone limit=5",
        "outlier.list kind=duplicates similarity=0.95",
        "outlier.list kind=language cluster=0",
        "outlier.list kind=noise",
    ),
)
def list_(
    session: Session,
    *,
    kind: Literal["noise", "far", "lone", "duplicates", "language"],
    cluster: int | None = None,
    run: str | None = None,
    similarity: float = 0.97,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The texts that fit worst, each with a score and the reason in words; the answer's note says what the score is.

    `noise`: in no cluster; `far`: far from the centroid for their cluster; `lone`: like no other text; `duplicates`: groups
    of nearly equal texts; `language`: rare in their cluster, or not the language that the log states.

    Args:
        kind: Which outliers.
        cluster: Only of this cluster; -1 is the noise.
        run: The run's id; the default is the current one.
        similarity: For duplicates: the least cosine of two texts that are linked, from 0.8 to 1.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.outliers.list import outliers

    return outliers(session, run or session.view.run, kind, cluster, similarity, limit, after)


@action(
    "outlier.assign",
    title="Put outliers elsewhere",
    scope="runs",
    effect="write",
    examples=(
        "outlier.assign query=61,62 to=nearest",
        "outlier.assign kind=lone above=0.6 to=new title=Strays",
        "outlier.assign kind=far to=0",
    ),
)
def assign(
    session: Session,
    *,
    to: str | int = "nearest",
    query: str | int | None = None,
    kind: Literal["noise", "far", "lone", "language"] | None = None,
    above: float | None = None,
    title: str = "",
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Move outliers to the cluster that is nearest to each, to one cluster, or together to a new one.

    Args:
        to: `nearest`, `new`, or a cluster's number; -1 is the noise.
        query: Numbers of queries, with commas between.
        kind: Instead: all that outlier.list finds of this kind.
        above: Of them only those with at least this score.
        title: Of a new cluster.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the clusters: a later one refuses this one.
    """
    from core.outliers.assign import assign

    return assign(
        session, run, query=query, kind=kind, above=above, to=to, title=title, reason=reason, expect=expect
    )
