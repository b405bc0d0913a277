"""Moves of queries, and marks on them: query by query, to the cluster that stands for the old target."""

from __future__ import annotations

import json

import numpy as np

from core.compare.contingency import Ints
from core.curate.queries import MAX_LISTED, numbers
from core.replay.facts import title_after
from core.replay.match import NOTHING, Match, match_set, match_target
from core.replay.plan import Case, Plan, Step, already, listed
from core.replay.rows import Outcome
from core.replay.source import moves_of


def plan_moves(case: Case) -> Plan:
    """Every query that was moved goes to the cluster that stands for its target, as far as it is not there already."""
    moves = moves_of(case.workspace, case.record.id)
    parts = [
        _to_goal(case, moves.queries[moves.after == goal], goal) for goal in np.unique(moves.after).tolist()
    ]
    return parts[0] if len(parts) == 1 else _together(parts)


def _to_goal(case: Case, queries: Ints, goal: int) -> Plan:
    if goal < 0 or bool((case.sides.old == goal).any()):
        return to_cluster(case, queries, match_target(case.sides, goal, case.least))
    return _to_new(case, queries, goal)


def _to_new(case: Case, queries: Ints, goal: int) -> Plan:
    """Some queries to a new cluster, which the edit made of them, unless they are one already."""
    sides = case.sides
    at = sides.places(queries)
    missing = len(queries) - len(at)
    if not len(at):
        return Plan("skipped", "The new run has none of these queries.", missing=missing)
    own = match_set(sides, at, case.least, "these queries")
    if own.fits:
        return already(f"they are a cluster of their own, {own.target}.", own, len(at), missing)
    todo = free(case, at[sides.new[at] == sides.live[at]])
    if not len(todo):
        return Plan("conflict", "They have been moved elsewhere since.", near=own, missing=missing)
    title = title_after(case, goal)
    step = Step(
        "outlier.assign", {"query": listed(sides.queries[todo]), "to": "new", "title": title}, ("title",)
    )
    why = "" if len(todo) == len(queries) else f"{len(todo):,} of the {len(queries):,} queries."
    return Plan("partial" if why else "applied", why, (step,), (), own, 0, missing)


def _together(parts: list[Plan]) -> Plan:
    """The plan for several targets: what can be done of it."""
    done = [part for part in parts if part.outcome in ("applied", "partial")]
    outcomes = {part.outcome for part in parts}
    outcome: Outcome = "partial" if done and len(outcomes) > 1 else parts[0].outcome
    chosen = done or parts
    return Plan(
        outcome,
        " ".join(dict.fromkeys(part.why for part in parts if part.why)),
        tuple(step for part in chosen for step in part.steps),
        tuple(target for part in chosen for target in part.target),
        max((part.near for part in chosen), key=lambda near: near.overlap or 0),
        sum(part.fitting for part in parts),
        sum(part.missing for part in parts),
    )


def to_cluster(case: Case, queries: Ints, near: Match) -> Plan:
    """Some queries to the cluster that stands for their old target."""
    sides = case.sides
    at = sides.places(queries)
    missing = len(queries) - len(at)
    if not len(at):
        return Plan("skipped", "The new run has none of these queries.", (), (), near, 0, missing)
    if near.target is None or not near.fits:
        steps = () if near.target is None else moving(sides.queries[at], near.cluster)
        return Plan(
            "conflict", near.why, steps, () if near.target is None else (near.target,), near, 0, missing
        )
    target = near.cluster
    if target >= 0 and not case.there(target):
        steps = moving(sides.queries[at], target)
        return Plan("conflict", f"Cluster {target} is no longer there.", steps, (target,), near, 0, missing)
    # Where both differ, an edit that replays a later one has moved the query on.
    fitting = (sides.new[at] == target) | (sides.live[at] == target) | (sides.new[at] != sides.live[at])
    kept = _kept(case, at) & ~fitting
    todo = sides.queries[at[~fitting & ~kept]]
    fits = int(fitting.sum())
    if not len(todo) and not kept.any():
        return already("they are there.", near, fits, missing)
    if not len(todo):
        why = f"Somebody moved all {kept.sum():,} queries elsewhere. overwrite=true moves them."
        return Plan("conflict", why, moving(sides.queries[at[kept]], target), (target,), near, fits, missing)
    reasons = [
        near.why,
        f"{missing:,} of {len(queries):,} queries: not in the new run." if missing else "",
        f"{kept.sum():,} of {len(queries):,} queries: moved elsewhere by hand, where they stay."
        if kept.any()
        else "",
    ]
    why = " ".join(reason for reason in reasons if reason)
    outcome: Outcome = "partial" if why else "applied"
    return Plan(outcome, why, moving(todo, target), (target,), near, fits, missing)


def _kept(case: Case, at: Ints) -> np.ndarray:
    """Which queries, by place, stay where a person put them."""
    if case.overwrite:
        return np.zeros(len(at), dtype=bool)
    return np.isin(case.sides.queries[at], case.hand)


def free(case: Case, at: Ints) -> Ints:
    """The places of the queries that no person put where they are."""
    found: Ints = at[~_kept(case, at)]
    return found


def moving(queries: Ints, to: int) -> tuple[Step, ...]:
    """The moves of some queries, as many at once as an action takes."""
    return tuple(
        Step("query.move", {"query": listed(queries[start : start + MAX_LISTED]), "to": to})
        for start in range(0, len(queries), MAX_LISTED)
    )


def plan_query_flag(case: Case) -> Plan:
    """A mark goes on the queries that the new run has, or comes off them."""
    queries = np.array(numbers(case.params["query"], "query"), dtype=np.int64)
    at = case.sides.places(queries)
    missing = len(queries) - len(at)
    here = case.sides.queries[at]
    later = [
        np.array(numbers(params["query"], "query"), dtype=np.int64)
        for params in (json.loads(found.parameters) for found in case.later())
        if params.get("flag") == case.params["flag"]
    ]
    passed = np.isin(here, np.concatenate(later)) if later else np.zeros(len(here), dtype=bool)
    if not len(here):
        return Plan("skipped", "The new run has none of these queries.", missing=missing)
    if passed.all():
        return already("a later edit has been replayed.", NOTHING, len(here), missing)
    given = {name: value for name, value in case.params.items() if name not in ("run", "query")}
    steps = (Step("query.flag", {"query": listed(here[~passed]), **given}),)
    why = f"{missing:,} of {len(queries):,} queries: not in the new run." if missing else ""
    return Plan("partial" if missing else "applied", why, steps, fitting=int(passed.sum()), missing=missing)
