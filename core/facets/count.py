"""How many queries have each value of a facet, and more often than elsewhere or not."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from core.cursors import signed, unsigned
from core.facets.fields import CLUSTER, find_field
from core.facets.rows import FacetCount
from core.lookup import RunInfo, bad_cursor, check_limit
from core.page import Page
from core.search.saved import Asked, filtered
from core.search.scope import Narrow, check_values, find_scope
from db.columns import Column
from db.facet_codes import Scalar
from db.facet_counts import count_all, count_values
from db.search import cluster_titles
from db.workspace import Workspace

if TYPE_CHECKING:
    from core.session import Session


def count_asked(
    session: Session, by: str, saved: str | None, asked: Asked, sort: str, limit: int, after: str | None
) -> Page:
    """`count` where the user is, under what was asked for and what a saved search says.

    Raises:
        ActionError: `unknown_saved`, and what `count` raises.
    """
    found = filtered(session, saved, asked)
    return count(session.workspace, by, found.text, found.narrow, sort, limit, after)


def count(
    workspace: Workspace, by: str, text: str | None, narrow: Narrow, sort: str, limit: int, after: str | None
) -> Page:
    """The values of a facet with exact counts of queries under the filters of a search, as `FacetCount`s.

    `text` counts the queries that a search by words and fields finds. `total` is the number of values; queries without one are counted
    under null. `lift` compares with the whole dataset.

    Raises:
        ActionError: `unknown_facet`, `bad_limit`, `bad_cursor`, and what `core.search.scope.find_scope` raises.
    """
    check_limit(limit)
    scope = find_scope(workspace, narrow, text or "")
    column, _ = find_field(workspace, scope.dataset, scope.run, by)
    chosen, match = scope.matching, scope.match
    if text is not None and scope.blank:
        return Page((), 0)
    whole = match is None and replace(chosen, dataset=None, run=None).all
    # What is counted by the texts that match has read all values, by which those of the dataset are counted, too.
    found = (
        count_all(workspace, column, scope.dataset)
        if whole
        else count_values(workspace, column, chosen, match)
    )
    everywhere = found if whole else count_all(workspace, column, scope.dataset)
    if not found:
        check_values(workspace, chosen)
        return Page((), 0)
    order = _ordered(column, found, sort)
    made_by = ("facet.count", by, text, scope.named, sort)
    after = unsigned(after, *made_by)
    start = bisect_right(order, _cursor(column, after)) if after is not None else 0
    shown = [None if none else _value(column, value) for _, none, value in order[start : start + limit]]
    queries, base = found.total(), everywhere.total()
    titles = titles_of(workspace, scope.run, by, shown)
    rows = tuple(
        FacetCount(
            value=None if value is None else str(value),
            title=titles.get(value),
            count=found[value],
            share=found[value] / queries,
            lift=(found[value] / queries) / (everywhere[value] / base),
        )
        for value in shown
    )
    last = json.dumps(order[start + limit - 1]) if start + limit < len(order) else None
    return Page(rows, len(order), signed(last, *made_by), f"{queries:,} of {base:,} queries")


Place = tuple[int, bool, Scalar]
"""Where a value stands in the order: by falling count or not, those without a value last, by value or the place of its band."""


def _ordered(column: Column, found: Counter[Scalar | None], sort: str) -> list[Place]:
    by_count = sort == "count"
    place = {band: at for at, band in enumerate(column.bands)}
    return sorted(
        (-n * by_count, value is None, 0 if value is None else place.get(str(value), value))
        for value, n in found.items()
    )


def _value(column: Column, place: Scalar) -> Scalar:
    return column.bands[int(place)] if column.bands else place


def titles_of(
    workspace: Workspace, run: RunInfo | None, by: str, values: list[Scalar | None]
) -> dict[Scalar | None, str]:
    """The titles of clusters, where it is them that are counted."""
    if by != CLUSTER or run is None:
        return {}
    numbers = [value for value in values if isinstance(value, int)]
    return {number: title for number, title in cluster_titles(workspace, run.id, numbers).items() if title}


def _cursor(column: Column, after: str) -> Place:
    try:
        found = json.loads(after)
    except (ValueError, RecursionError):
        raise bad_cursor(after) from None
    if not isinstance(found, list) or [type(part) for part in found[:2]] != [int, bool] or len(found) != 3:
        raise bad_cursor(after)
    if type(found[2]) is not (int if column.numeric or column.bands or found[1] else str):
        raise bad_cursor(after)
    return found[0], found[1], found[2]
