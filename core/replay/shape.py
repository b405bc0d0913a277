"""Merges, splits and deletions: what was done to the shape of the clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.compare.match import SAME
from core.replay.facts import title_after
from core.replay.match import Match, home, match_set, match_target, parts_said, pieces
from core.replay.moves import free, to_cluster
from core.replay.plan import Case, Plan, Step, already, conflict, listed
from core.replay.source import moves_of
from db.titles import ORPHANS


def plan_merge(case: Case) -> Plan:
    """Both clusters are one there already, or those that stand for them are merged; of a scattered one, its parts."""
    source, into = case.params["cluster"], case.params["into"]
    (at_source, of_source), (at_into, of_into) = home(case.sides, source), home(case.sides, into)
    near = case.match(into)
    if (
        at_source is not None
        and at_source == at_into
        and at_source >= 0
        and min(of_source, of_into) >= case.least
    ):
        one = replace(near, target=at_source, found=round(min(of_source, of_into), 6))
        plan = already(f"they are one cluster, {at_source}.", one)
        if min(of_source, of_into) < SAME:
            why = f"Most of both is one cluster already: {at_source} holds {of_source:.0%} and {of_into:.0%} of them."
            return replace(plan, outcome="partial", why=why)
        return plan
    own = case.match(source)
    wanted = () if None in (own.target, near.target) else (_merge(own.cluster, near.cluster),)
    if not near.fits:
        return conflict(near.why, near, wanted)
    if own.fits:
        if not case.there(own.cluster) or not case.there(near.cluster):
            return conflict(f"Cluster {own.target} or {near.target} is no longer there.", own, wanted)
        lost = case.by_hand(own.cluster)
        if lost:
            return conflict(f"{lost} overwrite=true merges it.", own, wanted)
        return Plan("applied", "", wanted, (own.cluster, near.cluster), own)
    numbers, together = pieces(case.sides, source, case.least)
    parts = [
        n for n in numbers if n != near.target and case.there(n) and not case.by_hand(n)
    ]  # fmt: skip
    if not parts or not case.there(near.cluster):
        return conflict(own.why, own, wanted)
    why = parts_said(source, parts, together)
    steps = tuple(_merge(number, near.cluster) for number in parts)
    return Plan("partial", why, steps, (*parts, near.cluster), together)


def _merge(cluster: int, into: int) -> Step:
    return Step("cluster.merge", {"cluster": cluster, "into": into})


def _delete(cluster: int, to: int) -> Step:
    return Step("cluster.delete", {"cluster": cluster, **({"orphan": True} if to == ORPHANS else {"to": to})})


def plan_split(case: Case) -> Plan:
    """The queries that were taken out leave the cluster that holds most of them, unless they are apart already."""
    sides, source = case.sides, case.params["cluster"]
    moves = moves_of(case.workspace, case.record.id)
    at = sides.places(moves.queries)
    missing = len(moves.queries) - len(at)
    if not len(at):
        return Plan("skipped", "The new run has none of these queries.", missing=missing)
    own = match_set(sides, at, case.least, "the queries that were taken out")
    rest = sides.old == source
    rest[at] = False
    inside = sides.new[rest]
    beside = int(np.bincount(inside - ORPHANS).argmax()) + ORPHANS if len(inside) else None
    if own.fits and own.target != beside:
        return already(f"they are a cluster of their own, {own.target}.", own, missing=missing)
    values, counts = np.unique(sides.new[at], return_counts=True)
    origin = int(values[counts.argmax()])
    share = float(counts.max() / len(at))
    held = (sides.new == origin).sum()
    near = Match(origin, own.overlap, round(share, 6), round(float(counts.max() / held), 6), True)
    chosen = at[(sides.new[at] == origin) & (sides.live[at] == origin)]
    leaving = free(case, chosen)
    title = case.params.get("title") or title_after(case, int(moves.after[0]))
    params = {"cluster": origin, "queries": listed(sides.queries[leaving]), "title": title}
    steps = (Step("cluster.split", params, () if case.params.get("title") else ("title",)),)
    if share < case.least:
        return replace(
            conflict(
                f"They are scattered: the cluster with most of them, {origin}, has {share:.0%}.", near, steps
            ),
            missing=missing,
        )
    if not len(leaving):
        return replace(conflict("They have been moved elsewhere since.", near), missing=missing)
    size = case.value(origin, "size")
    if origin >= 0 and size == len(leaving):
        return already(f"they are a cluster of their own, {origin}.", near, missing=missing)
    whole = len(leaving) == len(moves.queries)
    why = "" if whole else f"{len(leaving):,} of the {len(moves.queries):,} queries are in cluster {origin}."
    return Plan("applied" if whole else "partial", why, steps, (origin,), near, missing=missing)


def plan_delete(case: Case) -> Plan:
    """The cluster that stands for the deleted one goes; where it holds more, only the queries that they share."""
    sides, source = case.sides, case.params["cluster"]
    moves = moves_of(case.workspace, case.record.id)
    goal = int(case.params.get("to", ORPHANS))
    goal_near = match_target(case.sides, goal, case.least)
    at = sides.places(moves.queries)
    missing = len(moves.queries) - len(at)
    if not len(at):
        return Plan("skipped", "The new run has none of these queries.", missing=missing)
    if goal_near.target is not None and bool((sides.new[at] == goal_near.target).all()):
        return already("its queries are there.", goal_near, len(at), missing)
    near = case.match(source)
    if not near.fits or not goal_near.fits:
        would = () if None in (near.target, goal_near.target) else (_delete(near.cluster, goal_near.cluster),)
        return replace(conflict(near.why or goal_near.why, near, would), missing=missing)
    if goal_near.target == near.target:
        return already(f"both are one cluster, {near.target}.", near, len(at), missing)
    cluster, target = near.cluster, goal_near.cluster
    step = _delete(cluster, target)
    if not case.there(cluster):
        return conflict(f"Cluster {cluster} is no longer there.", near, (step,))
    lost = case.by_hand(cluster)
    if lost:
        return conflict(f"{lost} overwrite=true deletes it.", near, (step,))
    shared = at[(sides.new[at] == cluster) & (sides.live[at] == cluster)]
    astray = len(at) - len(shared)
    if case.value(cluster, "size") == len(shared) == len(free(case, shared)):
        stay = f"{astray:,} of its {len(at):,} queries: in other clusters there, where they stay."
        why = " ".join(part for part in (stay if astray else "", goal_near.why) if part)
        return Plan("partial" if why or missing else "applied", why, (step,), (cluster,), near, 0, missing)
    plan = to_cluster(case, sides.queries[shared], goal_near)
    why = f"Cluster {cluster} stays with its other queries. {plan.why}".strip()
    return (
        replace(plan, outcome="partial", why=why, target=(cluster,), near=near, missing=missing)
        if plan.steps
        else plan
    )
