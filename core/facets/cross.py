"""Two facets against each other: which pairs of values occur more or less often than chance would have them."""

from __future__ import annotations

import json
from collections import Counter

from core.cursors import signed, unsigned
from core.errors import ActionError
from core.facets.count import titles_of
from core.facets.fields import find_field
from core.facets.rows import FacetCell
from core.lookup import bad_cursor, check_limit
from core.page import Page
from core.search.scope import Narrow, find_scope
from db.facet_codes import Scalar
from db.facet_counts import count_cells
from db.workspace import Workspace

MOST_CELLS = 200_000
"""Cells of a table: beyond, it is no table that anyone reads, and the test of each would take long."""

Key = tuple[Scalar, Scalar]


def cross(
    workspace: Workspace,
    rows: str,
    columns: str,
    text: str | None,
    narrow: Narrow,
    sort: str,
    limit: int,
    after: str | None,
) -> Page:
    """All cells of the table of two facets, empty ones too, as `FacetCell`s.

    Counts are of queries under the filters of a search that have a value of both. Every cell of the table is tested by
    Fisher's exact test, two-sided as twice the smaller tail of the hypergeometric distribution, and all together are
    corrected by the false discovery rate of Benjamini and Hochberg (1995). The test takes queries for independent of each
    other: where few persons ask a lot, it finds too much.

    Raises:
        ActionError: `unknown_facet`, `same_facet`, `too_many_values`, `bad_limit`, `bad_cursor`, and what
            `core.search.scope.find_scope` raises.
    """
    check_limit(limit)
    scope = find_scope(workspace, narrow, text or "")
    row_column, _ = find_field(workspace, scope.dataset, scope.run, rows)
    column_column, _ = find_field(workspace, scope.dataset, scope.run, columns)
    if row_column == column_column:
        raise ActionError("same_facet", f"{rows} cannot be crossed with itself.", "Name two facets.")
    chosen, match = scope.matching, scope.match
    if text is not None and scope.blank:
        return Page((), 0)
    found = count_cells(workspace, row_column, column_column, chosen, match)
    row_totals: Counter[Scalar] = Counter()
    column_totals: Counter[Scalar] = Counter()
    for (row, column), count in found.items():
        row_totals[row] += count
        column_totals[column] += count
    if len(row_totals) * len(column_totals) > MOST_CELLS:
        raise ActionError(
            "too_many_values",
            f"The table of {rows} and {columns} has more than {MOST_CELLS:,} cells.",
            "Narrow it with within= or where=, or take a facet with fewer values.",
        )
    cells = _tested(found, row_totals, column_totals)
    order = sorted(cells, key=lambda key: _rank(cells[key], sort))
    made_by = ("facet.cross", rows, columns, text, scope.named, sort)
    start = _position(order, unsigned(after, *made_by))
    shown = order[start : start + limit]
    row_titles = titles_of(workspace, scope.run, rows, [row for row, _ in shown])
    column_titles = titles_of(workspace, scope.run, columns, [column for _, column in shown])
    page = tuple(_cell(key, cells[key], row_titles.get(key[0]), column_titles.get(key[1])) for key in shown)
    last = json.dumps(shown[-1]) if start + limit < len(order) else None
    note = f"{sum(row_totals.values()):,} queries in {len(row_totals)} x {len(column_totals)} cells"
    return Page(page, len(order), signed(last, *made_by), note)


Cell = tuple[int, float, float, float, int, int, Key]
"""count, expected, p, q, total of the row, total of the column, row and column."""


def _tested(
    counts: Counter[Key], row_totals: Counter[Scalar], column_totals: Counter[Scalar]
) -> dict[Key, Cell]:
    """Every cell of the table with its test."""
    if not counts:
        return {}
    import numpy as np
    from scipy.stats import false_discovery_control, hypergeom

    keys = [(row, column) for row in row_totals for column in column_totals]
    n = np.array([counts[key] for key in keys], np.int64)
    in_row = np.array([row_totals[row] for row, _ in keys], np.int64)
    in_column = np.array([column_totals[column] for _, column in keys], np.int64)
    total = sum(row_totals.values())
    low = hypergeom.cdf(n, total, in_column, in_row)
    high = hypergeom.sf(n - 1, total, in_column, in_row)
    p = np.clip(2 * np.minimum(low, high), 0.0, 1.0)
    q = false_discovery_control(p)
    expected = in_row * (in_column / total)
    values = zip(
        n.tolist(), expected.tolist(), p.tolist(), q.tolist(), in_row.tolist(), in_column.tolist(), keys,
        strict=True,
    )  # fmt: skip
    return dict(zip(keys, values, strict=True))


def _rank(cell: Cell, sort: str) -> tuple[float, float, str, str]:
    """What a cell is ordered by: the surest first, the biggest first, or the most beyond expectation first."""
    count, expected, p, q, *_, (row, column) = cell
    first = {"q": (q, -abs(count - expected)), "count": (-count, p), "lift": (-count / expected, p)}[sort]
    return (*first, f"{row:>20}", f"{column:>20}")


def _position(order: list[Key], after: str | None) -> int:
    if after is None:
        return 0
    try:
        return order.index(tuple(json.loads(after))) + 1
    except (ValueError, TypeError, RecursionError):
        raise bad_cursor(after) from None


def _cell(key: Key, cell: Cell, row_title: str | None, column_title: str | None) -> FacetCell:
    count, expected, p, q, in_row, in_column, _ = cell
    return FacetCell(
        row=str(key[0]),
        row_title=row_title,
        column=str(key[1]),
        column_title=column_title,
        count=count,
        expected=round(expected, 3),
        share=count / in_row,
        lift=count / expected,
        p=p,
        q=q,
        row_total=in_row,
        column_total=in_column,
    )
