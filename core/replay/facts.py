"""Names, tags, marks and verdicts: to the cluster that stands for the old one."""

from __future__ import annotations

from typing import Any

from core.curate.facts import QUALITY
from core.replay.match import Match, parts_said, pieces
from core.replay.plan import Case, Plan, Step, already, conflict, words_of
from core.review.state import read

COLUMNS = {
    "cluster.rename": "title",
    "cluster.describe": "description",
    "cluster.quality": "quality",
    "cluster.note": "notes",
    "cluster.tag": "tags",
    "cluster.flag": "flags",
    "review.accept": "reviewed",
    "review.skip": "reviewed",
    "review.reopen": "reviewed",
}
_VERDICTS = {"review.accept": "accepted", "review.skip": "skipped", "review.reopen": "open"}


def plan_fact(case: Case) -> Plan:
    """What is said of a cluster is said of the one that stands for it; tags and flags also of those that are parts of it."""
    kind, params = case.record.kind, case.params
    adds = kind in ("cluster.tag", "cluster.flag") or (kind == "cluster.note" and bool(params.get("append")))
    near = case.match(params["cluster"])
    if near.fits:
        return _of_one(case, near, adds)
    if adds:
        numbers, together = pieces(case.sides, params["cluster"], case.least)
        numbers = [number for number in numbers if case.there(number)]
        if numbers:
            plans = [_of_one(case, Match(n, None, None, None, True), adds) for n in numbers]
            steps = tuple(step for plan in plans for step in plan.steps)
            why = parts_said(params["cluster"], numbers, together)
            return Plan("partial", why if steps else f"Already so. {why}", steps, tuple(numbers), together)
    return conflict(near.why, near, () if near.target is None else (_step(case, near.cluster),))


def _of_one(case: Case, near: Match, adds: bool) -> Plan:
    kind, params, cluster = case.record.kind, case.params, near.cluster
    step = _step(case, cluster)
    words = words_of(params) if kind in ("cluster.tag", "cluster.flag") else frozenset()
    later = case.overtaken("cluster", cluster, words)
    if later is not None:
        return already(f"edit {later.id}, which replays a later one, has been done.", near)
    if not case.there(cluster):
        return _gone(case, near, step)
    if not adds:
        column = COLUMNS[kind]
        current = case.value(cluster, column)
        if _same(kind, params, current):
            return already("the new run has it.", near)
        lost = case.by_hand(cluster, (column,))
        if lost:
            return conflict(f"{lost} overwrite=true replaces it.", near, (step,))
        place = case.rank_of(case.decider(cluster, column))
        if place is not None and place > case.place:
            return already("a later edit has been replayed.", near)
    return Plan("applied", "", (step,), (cluster,), near)


def _gone(case: Case, near: Match, step: Step) -> Plan:
    """The cluster went away: with a later edit that was replayed, or by hand."""
    by = case.workspace.value(
        "SELECT b.edit_id FROM edit_cluster b JOIN edit e ON e.id = b.edit_id AND e.undone_by IS NULL WHERE b.run_id = ?"
        " AND b.number = ? AND b.side = 0 AND NOT EXISTS (SELECT 1 FROM edit_cluster a WHERE a.edit_id = b.edit_id"
        "  AND a.number = b.number AND a.side = 1) ORDER BY e.applied DESC LIMIT 1",
        (case.new.id, near.target),
    )
    if any(found.id == by for found in case.replayed):
        return already(f"cluster {near.target} went away with edit {by}, which replays a later one.", near)
    return conflict(f"Cluster {near.target} is no longer there.", near, (step,))


def _step(case: Case, cluster: int) -> Step:
    given = {name: value for name, value in case.params.items() if name not in ("run", "cluster")}
    return Step(case.record.kind, {"cluster": cluster, **given})


def _same(kind: str, params: dict[str, Any], current: Any) -> bool:
    """Whether a fact is already as an edit would make it."""
    if kind in _VERDICTS:
        return read(current or "").verdict == _VERDICTS[kind]
    if kind == "cluster.quality":
        return bool(QUALITY.get(str(params["coherence"])) == current)
    wanted = {"cluster.rename": "title", "cluster.describe": "description", "cluster.note": "text"}[kind]
    return bool((params[wanted] or "") == (current or ""))


def title_after(case: Case, number: int) -> str:
    """The title that an edit of the old run gave to a cluster that it made; empty where it gave none."""
    found = case.workspace.value(
        "SELECT title FROM edit_cluster WHERE edit_id = ? AND number = ? AND side = 1",
        (case.record.id, number),
    )
    return found or ""
