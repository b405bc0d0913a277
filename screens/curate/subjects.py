"""What an edit is about on the screen: which clusters, nodes or queries, and what is left to ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.registry import Action
from core.rows import ClusterDetail
from core.text import one_line

GIVEN = frozenset(
    (
        "cluster", "node", "children", "query", "queries", "text_id", "search", "from_cluster", "within", "language",
        "chat_model", "orphan", "run", "hierarchy", "expect",
    )
)  # fmt: skip
"""Parameters of edits that the cursor, the marks and the view give; a form asks for the others."""

SEVERAL = frozenset(
    (
        "cluster.merge", "cluster.tag", "cluster.flag", "cluster.quality", "cluster.delete", "cluster.note", "node.move",
        "node.merge", "review.accept", "review.skip",
    )
)  # fmt: skip
"""Actions on one thing that are done for each of the marked ones."""

AT_ONCE = frozenset(("cluster.flag", "query.flag", "review.accept", "review.skip", "review.reopen"))
"""Actions that ask for nothing: what they do by default is what a key means, and it can be undone."""

CURRENT = {
    "cluster.rename": ("title", "title"),
    "cluster.describe": ("description", "description"),
    "cluster.note": ("text", "notes"),
    "cluster.quality": ("coherence", "quality"),
}
"""By action: the parameter that starts as the cluster has it, and the field that says how."""

TARGETS = {"cluster": ("into", "to"), "query": ("to",), "node": ("to", "into", "parent")}
"""By the noun of the action: the parameters that name another cluster or theme."""


@dataclass(frozen=True)
class Named:
    """A cluster or a node: its number or id, and its title."""

    id: int | str
    title: str

    @property
    def kind(self) -> str:
        """`theme` or `cluster`."""
        return "theme" if isinstance(self.id, str) else "cluster"


@dataclass(frozen=True)
class Subject:
    """What the cursor or the marks mean."""

    clusters: tuple[Named, ...] = ()
    nodes: tuple[Named, ...] = ()
    texts: tuple[int, ...] = ()
    queries: tuple[int, ...] = ()
    """Of each text its first query."""
    source: int | None = None
    """The cluster from whose list all the texts are."""
    words: str = ""
    """The text, where there is one."""
    target: int | None = None
    """The cluster that the cursor offers as the other one."""
    marked: bool = False


def is_edit(action: Action) -> bool:
    """Whether an action is an edit that can be undone."""
    return action.effect == "write" and "expect" in action.params


def suits(action: Action, subject: Subject) -> bool:
    """Whether the action has something to work on."""
    noun = action.id.split(".", 1)[0]
    if noun == "query":
        return bool(subject.texts)
    if noun == "node":
        return bool(subject.nodes)
    if action.id == "cluster.split" and subject.texts and subject.marked:
        return subject.source is not None
    return bool(subject.clusters)


def orders(action: Action, subject: Subject) -> list[dict[str, Any]]:
    """What the subject gives to the action, once for each time that it runs."""
    if action.id == "query.move":
        given: dict[str, Any] = {"text_id": _listed(subject.texts)}
        return [{**given, "from_cluster": subject.source} if subject.source is not None else given]
    if action.id.startswith("query."):
        return [{"query": _listed(subject.queries)}]
    if action.id == "node.create":
        return [{"children": ",".join(str(node.id) for node in subject.nodes)}]
    if action.id == "cluster.split" and subject.texts and subject.marked:
        return [{"cluster": subject.source, "text_id": _listed(subject.texts)}]
    name, things = ("node", subject.nodes) if action.id.startswith("node.") else ("cluster", subject.clusters)
    return [{name: thing.id} for thing in (things if action.id in SEVERAL else things[:1])]


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(number) for number in numbers)


def about(action: Action, subject: Subject, detail: ClusterDetail | None) -> str:
    """What the edit is about, in words."""
    if action.id.startswith("query.") or (action.id == "cluster.split" and subject.texts and subject.marked):
        if len(subject.texts) == 1 and subject.words:
            return f"“{one_line(subject.words, 120)}”"
        return f"{len(subject.texts):,} marked queries"
    things = subject.nodes if action.id.startswith("node.") else subject.clusters
    if action.id not in SEVERAL and action.id != "node.create":
        things = things[:1]
    noun = "theme or cluster" if action.id.startswith("node.") else "cluster"
    if len(things) != 1:
        noun = "nodes" if action.id.startswith("node.") else "clusters"
        return f"{len(things)} {noun}: " + ", ".join(f"“{one_line(t.title, 40)}”" for t in things)
    words = f"{noun.capitalize() if noun == 'cluster' else 'Node'} {things[0].id} “{one_line(things[0].title, 120)}”"
    if action.id == "cluster.tag" and detail is not None:
        words += f"; tags: {', '.join(one_line(tag, 40) for tag in detail.tags) or 'none'}"
    return words


def start(action: Action, subject: Subject, detail: ClusterDetail | None) -> dict[str, Any]:
    """The values with which the form starts: the title is edited, not typed anew."""
    if action.id == "node.rename":
        return {"title": subject.nodes[0].title}
    name, field = CURRENT.get(action.id, ("", ""))
    value = getattr(detail, field, None) if detail is not None else None
    if action.id == "cluster.note" and isinstance(value, str) and "\n" in value:
        # A form has one line: what is typed goes below the others.
        return {"append": True}
    single = len(subject.clusters) == 1 or action.id not in SEVERAL
    return {name: value} if name and single and value not in (None, "") else {}


def completed(action: Action, given: dict[str, Any], detail: ClusterDetail | None) -> dict[str, Any]:
    """The parameters with what follows from them: a cluster that is deleted without a target leaves orphans, and a flag that is
    there is taken off."""
    if action.id == "cluster.delete":
        return {**given, "orphan": given.get("to") is None}
    if action.id == "cluster.flag" and detail is not None and "review" in detail.flags:
        return {**given, "remove": True}
    return given


def into_itself(params: dict[str, Any]) -> bool:
    """Whether an order would put a cluster into itself: the marked one that the others go to."""
    target = params.get("into", params.get("to"))
    return target is not None and target in (params.get("cluster"), params.get("node"))
