"""The clusters of a run by their need of a person."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

from core.errors import ActionError
from core.lookup import RunInfo, check_limit, find_run
from core.name.unique import title_key
from core.page import Page
from core.review.needs import WEIGHTS, Facts, reasons, usual
from core.review.rows import ReviewNext, ReviewRow, State
from core.review.state import read
from db.columns import cluster_column, log_column
from db.facet_counts import count_cells
from db.search import Filter
from db.text_sets import kept
from db.titles import SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

TWINS = 0.95
"""Cosine of two titles from which they read the same."""


@dataclass(frozen=True)
class Wanted:
    """Which clusters are wanted; `None` and empty: whichever."""

    reason: str | None = None
    min_size: int | None = None
    max_size: int | None = None
    min_languages: int | None = None
    max_coherence: float | None = None
    max_rated: int | None = None
    tag: str | None = None
    flag: str | None = None
    text: str | None = None
    """Words of which each stands in the title."""
    state: State | None = "open"
    """`None`: whatever was said of them, and those without a reason, too."""

    def check(self) -> None:
        """Raise `bad_filter` for a filter that nothing can pass."""
        if self.reason is not None and self.reason not in WEIGHTS:
            raise ActionError(
                "bad_filter", f"reason={self.reason[:40]} is no reason.", f"Reasons: {', '.join(WEIGHTS)}."
            )
        low, high = self.min_size, self.max_size
        if low is not None and high is not None and low > high:
            raise ActionError("bad_filter", f"min_size={low} is above max_size={high}.", "Swap them.")

    def admits(self, row: ReviewRow, tags: tuple[str, ...], flags: tuple[str, ...]) -> bool:
        """Whether a cluster passes every filter."""
        words = (self.text or "").casefold().split()
        return (
            (self.state is None or (row.state == self.state and bool(row.reasons)))
            and (self.reason is None or self.reason in row.reasons)
            and (self.min_size is None or row.size >= self.min_size)
            and (self.max_size is None or row.size <= self.max_size)
            and (self.min_languages is None or row.languages >= self.min_languages)
            and (
                self.max_coherence is None
                or (row.coherence is not None and row.coherence <= self.max_coherence)
            )
            and (self.max_rated is None or (row.rated is not None and row.rated <= self.max_rated))
            and (self.tag is None or self.tag in tags)
            and (self.flag is None or self.flag in flags)
            and all(word in row.title.casefold() for word in words)
        )


def find(workspace: Workspace, run: str | None, wanted: Wanted, limit: int, after: str | None) -> Page:
    """The ordinary clusters of a run that pass the filters: skipped ones last, the neediest first, then the biggest.

    Raises:
        ActionError: `no_run`, `unknown_run`, `bad_filter`, `bad_limit` or `bad_cursor`.
    """
    wanted.check()
    check_limit(limit)
    found = find_run(workspace, run)
    ranked = [row for row, tags, flags in _ranked(workspace, found) if wanted.admits(row, tags, flags)]
    start = _start(ranked, after)
    page = ranked[start : start + limit]
    rest = len(ranked) > start + limit
    return Page(tuple(page), len(ranked), _cursor(page[-1]) if rest else None)


def following(workspace: Workspace, run: str | None) -> ReviewNext:
    """The cluster that needs a person most, and how far the review of the run is; skipped ones come when no other is left.

    Raises:
        ActionError: `no_run` or `unknown_run`.
    """
    found = find_run(workspace, run)
    needy = [row for row, *_ in _ranked(workspace, found) if row.reasons]
    states = Counter(row.state for row in needy)
    left = [row for row in needy if row.state != "accepted"]
    return ReviewNext(
        run=found.name,
        cluster=left[0] if left else None,
        open=states["open"],
        skipped=states["skipped"],
        accepted=states["accepted"],
    )


def reasons_of(workspace: Workspace, run: RunInfo, cluster: int) -> tuple[str, ...]:
    """Why a cluster of a run needs a person now."""
    return next(row.reasons for row, *_ in _ranked(workspace, run, cluster) if row.cluster == cluster)


def _cursor(row: ReviewRow) -> str:
    return json.dumps(_place(row))


def _place(row: ReviewRow) -> list[int]:
    return [_STATES.index(row.state), -row.need, -row.size, row.cluster]


_STATES: tuple[State, ...] = ("open", "skipped", "accepted")
"""In the order in which they are listed."""


def _start(ranked: list[ReviewRow], after: str | None) -> int:
    if after is None:
        return 0
    from core.lookup import bad_cursor

    try:
        place = json.loads(after)
        if not (isinstance(place, list) and len(place) == 4 and all(type(part) is int for part in place)):
            raise ValueError
    except (ValueError, RecursionError):
        raise bad_cursor(after) from None
    return sum(_place(row) <= place for row in ranked)


Ranked = tuple[ReviewRow, tuple[str, ...], tuple[str, ...]]
"""A row, its tags and its flags."""


def _ranked(workspace: Workspace, run: RunInfo, only: int | None = None) -> list[Ranked]:
    """Every ordinary cluster, the neediest first; with `only`, what is said of the others leaves their languages out."""
    rows = workspace.rows(
        f"SELECT c.number, {TITLE_SQL}, c.size, c.coherence, c.quality, s.coherence, s.reason, s.status, s.problem, c.tags,"
        " c.flags, c.reviewed, c.neighbours, coalesce(c.title_vector, s.vector)"
        f" FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = ? AND c.kind = 'cluster'"
        " ORDER BY c.number",
        (run.id,),
    )
    # As everywhere, of all queries of the run, those in the noise and in no cluster too.
    total = workspace.rows("SELECT coalesce(sum(size), 0) FROM cluster WHERE run_id = ?", (run.id,))[0][0]
    titles = {row[0]: row[1] for row in rows}
    twins = _twins(rows)
    languages = _languages(workspace, run, only)
    low_fit, no_parent = _misfits(workspace, run)
    common = usual([row[2] for row in rows], [row[3] for row in rows if row[3] is not None])
    found: list[Ranked] = []
    for (
        number,
        title,
        size,
        coherence,
        by_hand,
        by_model,
        why,
        status,
        problem,
        tags,
        flags,
        said,
        near,
        _,
    ) in rows:
        facts = Facts(
            size=size,
            share=size / total if total else 0.0,
            coherence=coherence,
            rated=by_model if by_hand is None else by_hand,
            rated_why=(why or "") if by_hand is None else "",
            flags=tuple(json.loads(flags)),
            problem=problem if status in ("failed", "pending", "unsupported") else "",
            languages=languages.get(number, ()),
            low_fit=number in low_fit,
            no_parent=number in no_parent,
            twin=twins.get(number),
        )
        row = _row(number, title, facts, json.loads(near), titles)
        needs = reasons(facts, common)
        words_of = tuple(reason for reason, _ in needs)
        row = replace(
            row,
            state=read(said).state(words_of),
            need=sum(WEIGHTS[reason] for reason in words_of),
            reasons=words_of,
            why=tuple(words for _, words in needs),
        )
        found.append((row, tuple(json.loads(tags)), facts.flags))
    return sorted(found, key=lambda item: _place(item[0]))


def _row(
    number: int, title: str, facts: Facts, near: list[tuple[int, float]], titles: dict[int, str]
) -> ReviewRow:
    nearest = next((other for other, _ in near if other in titles), None)
    neighbour = facts.twin[0] if facts.twin else nearest
    return ReviewRow(
        cluster=number,
        title=title,
        size=facts.size,
        share=facts.share,
        coherence=facts.coherence,
        rated=facts.rated,
        languages=len(facts.languages),
        state="open",
        need=0,
        reasons=(),
        why=(),
        neighbour=neighbour,
        neighbour_title=None if neighbour is None else titles[neighbour],
    )


def _languages(
    workspace: Workspace, run: RunInfo, only: int | None
) -> dict[int, tuple[tuple[str, int], ...]]:
    """The known languages of each cluster, or of one alone, the most frequent first."""
    chosen = Filter(run=run.id, clusters=None if only is None else (only,))
    counts = kept(
        workspace,
        ("languages of clusters", run.id, only),
        lambda: count_cells(workspace, cluster_column(run.id), log_column("language"), chosen, None),
    )
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for (number, language), count in sorted(counts.items(), key=lambda cell: (-cell[1], cell[0])):
        found[number].append((language, count))
    return {number: tuple(pairs) for number, pairs in found.items()}


def _misfits(workspace: Workspace, run: RunInfo) -> tuple[set[int], set[int]]:
    """The clusters that fit badly in the current tree, and those under its no-good-parent node."""
    rows = workspace.rows(
        "SELECT n.cluster, n.low_fit, p.kind = 'no_parent' FROM node n JOIN node p ON p.hierarchy_id = n.hierarchy_id"
        ' AND p."key" = n.parent WHERE n.hierarchy_id = ? AND n.cluster IS NOT NULL',
        (run.hierarchy,),
    )
    return {row[0] for row in rows if row[1]}, {row[0] for row in rows if row[2]}


def _twins(rows: list[tuple[Any, ...]]) -> dict[int, tuple[int, str, float]]:
    """For each cluster the other whose title says the same: by its words, else by its vector."""
    import numpy as np

    from core.cluster.blocks import one_blas_thread, unit

    found: dict[int, tuple[int, str, float]] = {}
    by_key: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, title, *_ in rows:
        by_key[title_key(title)].append((number, title))
    for alike in by_key.values():
        for number, _ in alike if len(alike) > 1 else ():
            other = next(pair for pair in alike if pair[0] != number)
            found[number] = (*other, 1.0)
    named = [(row[0], row[1], row[-1]) for row in rows if row[-1]]
    if len(named) < 2 or len({len(vector) for *_, vector in named}) > 1:
        return found
    vectors = unit(np.stack([np.frombuffer(vector, dtype="<f4") for *_, vector in named]))
    block = max(1, 4_000_000 // len(named))
    with one_blas_thread():
        for start in range(0, len(named), block):
            likeness = vectors[start : start + block] @ vectors.T
            likeness[np.arange(len(likeness)), np.arange(start, start + len(likeness))] = -1.0
            for at, other in enumerate(likeness.argmax(axis=1)):
                number, close = named[start + at][0], float(likeness[at, other])
                if close >= TWINS and number not in found:
                    found[number] = (named[other][0], named[other][1], round(min(close, 1.0), 4))
    return found
