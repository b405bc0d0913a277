"""Edits of a tree: to the nodes of the new run's tree that stand for the old ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from core.replay.match import Match
from core.replay.plan import Case, Plan, Step, already, conflict
from core.replay.trees import Tree, TreeHistory, match_node, tree_without
from db import edits

_DECIDED = {
    "title": ("node.rename", "node.create"),
    "description": ("node.describe",),
    "parent": ("node.move", "node.create", "node.merge"),
}
"""By which edits a person decides a fact of a node: titles that clash and descriptions in numbers follow other edits, too."""


@dataclass(frozen=True, eq=False)
class Place:
    """A case about a tree: `old` before the edit, and `new` without what replays later edits."""

    case: Case
    old: Tree
    new: Tree
    tree: int

    def match(self, key: str) -> Match:
        """The node of the new tree that stands for one of the old tree."""
        return match_node(self.case.sides, self.old, self.new, key, self.case.least)

    def step(self, **nodes: str) -> Step:
        """The edit, with other nodes."""
        given = {name: value for name, value in self.case.params.items() if name not in ("run", "hierarchy")}
        return Step(self.case.record.kind, {**given, **nodes})

    def by_hand(self, key: str, column: str) -> str:
        """What somebody who did not replay decided of a node of the new tree; empty for nothing, or when it may be lost."""
        case = self.case
        if case.overwrite:
            return ""
        found = edits.records(
            case.workspace,
            f"{edits.IN_FORCE} AND e.kind IN (SELECT value FROM json_each(:kinds)) AND e.id IN (SELECT a.edit_id FROM edit_node a"
            " LEFT JOIN edit_node b ON b.edit_id = a.edit_id AND b.hierarchy_id = a.hierarchy_id AND b.key = a.key AND b.side = 0"
            f" WHERE a.hierarchy_id = :tree AND a.key = :key AND a.side = 1 AND a.{column} IS NOT b.{column})"
            " ORDER BY e.applied DESC LIMIT 1",
            {"tree": self.tree, "key": key, "kinds": json.dumps(_DECIDED[column])},
        )
        if not found or case.rank_of(found[0]) is not None:
            return ""
        return f"The {column} of node {key} was given by hand by {found[0].actor} in edit {found[0].id}."


def tree_of(case: Case) -> int | None:
    """The tree of the new run for the edit's one: the newest that was built alike, else the current for the current."""
    workspace = case.workspace
    old = workspace.row(
        "SELECT id, method, parameters FROM hierarchy WHERE name = ? AND run_id = ?",
        (case.params["hierarchy"], case.old.id),
    )
    if old is None:
        return None
    alike = workspace.value(
        "SELECT id FROM hierarchy WHERE run_id = ? AND method = ? AND parameters = ? ORDER BY id DESC LIMIT 1",
        (case.new.id, *old[1:]),
    )
    return alike or (case.new.hierarchy if old[0] == case.old.hierarchy else None)


def plan_node(case: Case, history: TreeHistory, tree: int) -> Plan:
    """An edit of nodes, when the new tree has nodes that stand for the old ones."""
    later = [found for found in case.replayed if (case.rank_of(found) or 0) > case.place]
    place = Place(case, history.before(case.place), tree_without(case.workspace, tree, later), tree)
    plan = _PLANS[case.record.kind](place)
    name = case.workspace.value("SELECT name FROM hierarchy WHERE id = ?", (tree,))
    steps = tuple(replace(step, params={**step.params, "hierarchy": name}) for step in plan.steps)
    return replace(plan, steps=steps)


def _said(place: Place) -> Plan:
    """Rename and describe."""
    case = place.case
    near = place.match(case.params["node"])
    if near.target is None:
        return conflict(near.why, near)
    key = str(near.target)
    column = (
        case.record.kind.removeprefix("node.").replace("rename", "title").replace("describe", "description")
    )
    step = place.step(node=key)
    if not near.fits:
        return conflict(near.why, near, (step,))
    if case.overtaken("node", key):
        return already("a later edit has been replayed.", near)
    value = case.workspace.value(
        f'SELECT {column} FROM node WHERE hierarchy_id = ? AND "key" = ?', (place.tree, key)
    )
    if value == case.params[column]:
        return already("the new tree has it.", near)
    lost = place.by_hand(key, column)
    if lost:
        return conflict(f"{lost} overwrite=true replaces it.", near, (step,))
    return Plan("applied", "", (step,), (key,), near)


def _moved(place: Place) -> Plan:
    case = place.case
    near, to = place.match(case.params["node"]), place.match(case.params["to"])
    if near.target is None or to.target is None:
        return conflict(near.why or to.why, near)
    key, parent = str(near.target), str(to.target)
    step = place.step(node=key, to=parent)
    if not near.fits or not to.fits:
        return conflict(near.why or to.why, near, (step,))
    if place.new.nodes[key].parent == parent:
        return already(f"{key} stands under {parent}.", near)
    if case.overtaken("node", key):
        return already("a later edit has been replayed.", near)
    lost = place.by_hand(key, "parent")
    if lost:
        return conflict(f"{lost} overwrite=true moves it.", near, (step,))
    return Plan("applied", "", (step,), (key, parent), near)


def _made(place: Place) -> Plan:
    """A new theme over the nodes that stand for its children; over those that there are, in part."""
    case = place.case
    to = place.match(case.params["parent"])
    keys = case.params["children"].split(",")
    matches = [place.match(key) for key in keys]
    fitting = [near for near in matches if near.fits and not place.by_hand(str(near.target), "parent")]
    children = list(dict.fromkeys(str(near.target) for near in fitting))
    if not to.fits or len(children) < min(len(keys), 2):
        why = to.why or next(
            (near.why for near in matches if near.why), "Its children are not there to be put together."
        )
        return conflict(why, to)
    step = place.step(parent=str(to.target), children=",".join(children))
    near = min(fitting, key=lambda found: found.overlap or 0)
    parents = {place.new.nodes[child].parent for child in children}
    if len(parents) == 1 and (above := parents.pop()) and place.new.children(above) == set(children):
        twin = place.new.nodes[above]
        if twin.kind == "theme" and twin.title == case.params["title"]:
            return already(f"{above} stands over them.", replace(near, target=above))
        # A theme that loses all its children goes away.
        lost = place.by_hand(above, "title")
        if lost:
            return conflict(f"{lost} overwrite=true replaces it.", replace(near, target=above), (step,))
    why = "" if len(children) == len(keys) else f"{len(children)} of its {len(keys)} children are there."
    return Plan("partial" if why else "applied", why, (step,), tuple(children), near)


def _merged(place: Place) -> Plan:
    case = place.case
    near, into = place.match(case.params["node"]), place.match(case.params["into"])
    if near.target is None or into.target is None:
        return conflict(near.why or into.why, near)
    key, other = str(near.target), str(into.target)
    step = place.step(node=key, into=other)
    if near.fits and into.fits and key == other:
        return already(f"both are {key}.", near)
    if not near.fits or not into.fits:
        return conflict(near.why or into.why, near, (step,))
    lost = place.by_hand(key, "title")
    if lost:
        return conflict(f"{lost} overwrite=true merges it.", near, (step,))
    return Plan("applied", "", (step,), (key, other), near)


_PLANS = {
    "node.rename": _said,
    "node.describe": _said,
    "node.move": _moved,
    "node.create": _made,
    "node.merge": _merged,
}
KINDS = tuple(_PLANS)
"""The kinds of edits that are about nodes."""
