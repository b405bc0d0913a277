"""Gathering what a report says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.errors import ActionError
from core.export.clusters import example_texts
from core.lookup import HierarchyInfo, RunInfo
from core.redact.mask import Redactor
from core.report.content import Entry, Fact, Part, Report
from core.report.escape import EXAMPLE
from core.report.evaluation import evaluation_part
from core.report.facts import method, written
from core.report.hidden import Hidden, Threshold, find_hidden, plural
from core.report.map import map_part
from core.report.portions import counted, portions, whole
from core.report.rows import Masked
from core.report.shown import Branch, branches
from core.report.trends import trend_part
from core.rows import NodeRow
from core.session import Session
from core.text import one_line
from core.tree import all_nodes
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL
from db.workspace import Workspace

_CENTRAL = 50
"""Central texts of a cluster that are read at most."""


@dataclass(frozen=True)
class Limits:
    """How much is shown: levels of the tree from the top (`None`: all), examples a cluster, and what may leave."""

    levels: int | None
    examples: int
    threshold: Threshold


def gather(
    session: Session, run: RunInfo, tree: HierarchyInfo | None, limits: Limits, redactor: Redactor
) -> Report:
    """Everything that a report of a run says, masked, and without what the threshold holds back."""
    workspace = session.workspace
    hidden = find_hidden(workspace, run, tree, limits.threshold)
    session.control.progress("report", 1, 3, "parts")
    nodes = _clusters_as_nodes(workspace, run) if tree is None else all_nodes(workspace, tree)
    root = branches(nodes, hidden, redactor)
    depth = max((node.level for node in nodes), default=0) if limits.levels is None else limits.levels
    shaper = _Shaper(workspace, run, limits, hidden, redactor, depth)
    entries = tuple(shaper.entry(child) for child in root.children)
    session.control.progress("report", 2, 3, "parts")
    parts = tuple(_masked(part, redactor) for part in method(workspace, run, tree, strict=hidden.strict))
    trends = trend_part(workspace, run, hidden, redactor)
    drawn = map_part(workspace, run, nodes, root, hidden)
    languages, models = (
        portions(whole(workspace, run.id, column), limits.threshold, redactor, 8)
        for column in ("language", "model")
    )
    report = Report(
        title=redactor.text(f"{run.dataset}: what was asked" if run.label in ("", run.name) else run.label),
        run=run.name,
        hierarchy=tree.name if tree else None,
        facts=_figures(workspace, run),
        entries=entries,
        small=root.says_small if root.small else "",
        languages=languages,
        models=models,
        trends=trends,
        map=drawn,
        evaluation=evaluation_part(workspace, run, redactor),
        apart=_apart(nodes),
        method=(*parts, _limits(limits, redactor)),
        left_out=(),
        masked=(),
        hidden_clusters=hidden.small,
        hidden_queries=hidden.queries,
        note=hidden.note,
    )
    masked = tuple(Masked(kind, redactor.masked[kind]) for kind in redactor.kinds)
    return replace(report, masked=masked, left_out=_left_out(report, hidden, limits, masked, trends is None))


def _clusters_as_nodes(workspace: Workspace, run: RunInfo) -> tuple[NodeRow, ...]:
    """The clusters of a run under a root, as a tree of one level has them."""
    rows = workspace.rows(
        f"SELECT c.number, c.kind, {TITLE_SQL}, {DESCRIPTION_SQL}, c.size, c.coherence FROM cluster c"
        f" JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = ? ORDER BY c.kind <> 'cluster', c.size DESC, c.number",
        (run.id,),
    )
    total = sum(row[4] for row in rows)
    root = NodeRow("root", None, 0, "root", "All queries", "", total, 1.0, None, None, False, None, len(rows))
    leaves = (
        NodeRow(
            str(number), "root", 1, kind, title, description, size, size / total if total else 0.0, coherence, None,
            False, number, 0,
        )
        for number, kind, title, description, size, coherence in rows
    )  # fmt: skip
    return (root, *leaves)


class _Shaper:
    """Turns the branches of a tree into entries of a report."""

    def __init__(
        self,
        workspace: Workspace,
        run: RunInfo,
        limits: Limits,
        hidden: Hidden,
        redactor: Redactor,
        depth: int,
    ) -> None:
        self._workspace, self._limits, self._redactor = workspace, limits, redactor
        self._hidden, self._depth = hidden, depth
        self._languages = counted(workspace, run.id, "language")
        self._models = counted(workspace, run.id, "model")
        self._clusters: dict[int, tuple[Any, ...]] = {
            number: (central, quality)
            for number, central, quality in workspace.rows(
                "SELECT number, central, quality FROM cluster WHERE run_id = ?", (run.id,)
            )
        }

    def entry(self, branch: Branch) -> Entry:
        node = branch.node
        deep = node.level >= self._depth
        examples: tuple[str, ...] = ()
        quality = None
        shares: dict[str, Any] = {"languages": (), "models": ()}
        if node.cluster is not None and node.cluster not in self._hidden.clusters:
            central, quality = self._clusters[node.cluster]
            examples = self._examples(central)
            for name, counts in (("languages", self._languages), ("models", self._models)):
                shares[name] = portions(counts.get(node.cluster, {}), self._limits.threshold, self._redactor)
        return Entry(
            key=node.node,
            kind=node.kind,
            title=branch.title,
            description=branch.description,
            size=node.size,
            share=node.share,
            coherence=node.coherence,
            quality=quality,
            examples=examples,
            **shares,
            children=() if deep else tuple(self.entry(child) for child in branch.children),
            small=branch.says_small if branch.small else "",
            deeper=_count(branch.children) if deep else 0,
        )

    def _examples(self, central: str) -> tuple[str, ...]:
        """The most central texts; masked as a whole before they are cut, so that nothing is cut in two."""
        if not self._limits.examples:
            return ()
        texts = example_texts(self._workspace, central, min(self._limits.examples, _CENTRAL))
        return tuple(one_line(self._redactor.text(text), EXAMPLE) for text in texts)


def _count(children: tuple[Branch, ...]) -> int:
    return sum(1 + _count(child.children) for child in children)


def _figures(workspace: Workspace, run: RunInfo) -> tuple[Fact, ...]:
    queries, users, unnamed, texts, first, last = workspace.row(
        "SELECT count(*), count(DISTINCT v.user), count(*) - count(v.user), count(DISTINCT q.text_id),"
        " date(min(v.timestamp)), date(max(v.timestamp)) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = ?",
        (run.id,),
    ) or (0, 0, 0, 0, None, None)
    clusters, coherence = workspace.row(
        "SELECT count(*), sum(coherence * size) / sum(iif(coherence IS NULL, 0, size)) FROM cluster"
        " WHERE run_id = ? AND kind = 'cluster'",
        (run.id,),
    ) or (0, None)
    return (
        Fact("Queries", f"{queries:,}"),
        Fact("Distinct texts", f"{texts:,}"),
        Fact("Users", "unknown" if not users else f"{users:,}" + (" and unknown" if unnamed else "")),
        Fact("Clusters", f"{clusters:,}"),
        Fact("Coherence", "unknown" if coherence is None else f"{coherence:.2f}"),
        Fact("Time", "unknown" if first is None else first if first == last else f"{first} to {last}"),
    )


def _apart(nodes: tuple[NodeRow, ...]) -> tuple[Fact, ...]:
    """Noise, orphans and clusters without a good parent: how many queries, and their share."""
    total = nodes[0].size
    names = {"noise": "Noise", "orphans": "Orphans", "no_parent": "No good parent"}
    found = []
    for kind, name in names.items():
        size = sum(node.size for node in nodes if node.kind == kind)
        found.append(Fact(name, f"{plural(size, 'query')} ({size / total if total else 0:.1%})"))
    return tuple(found)


def _masked(part: Part, redactor: Redactor) -> Part:
    """A part with what a person may have written into it masked; hashes and names of models are no such thing."""
    return replace(
        part,
        facts=tuple(
            replace(fact, value=redactor.text(fact.value))
            if fact.name in ("Source", "Label", "Description", "Alias", "Dataset", "Filter", "Parameters")
            else fact
            for fact in part.facts
        ),
    )


def _limits(limits: Limits, redactor: Redactor) -> Part:
    threshold = limits.threshold
    facts = {
        "Fewest users": threshold.users or "no threshold",
        "Fewest conversations": threshold.conversations or "no threshold",
        "Masked kinds": redactor.kinds or "nothing is masked",
        "Levels shown": "all" if limits.levels is None else limits.levels,
        "Examples a cluster": limits.examples,
    }
    return Part("Limits", tuple(Fact(name, written(value)) for name, value in facts.items()))


def _left_out(
    report: Report, hidden: Hidden, limits: Limits, masked: tuple[Masked, ...], timeless: bool
) -> tuple[str, ...]:
    """What is not in the report, and why."""
    lines = []
    if hidden.note:
        lines.append(hidden.note)
    if limits.threshold.set:
        lines.append(
            "A theme above something left out has lost its description, and its title where that might name it; languages and"
            " models of too few users are among others. Reports of one run with other thresholds, trees or edits can still be"
            " compared with this one."
        )
    if masked:
        found = ", ".join(f"{one.count:,} {one.kind}" for one in masked if one.count) or "none found"
        lines.append(
            f"Masked in all texts: {found}. They are told by their form; names of people and places are not."
        )
    deeper = sum(map(_deeper, report.entries))
    if deeper:
        lines.append(f"{plural(deeper, 'node')} below level {limits.levels} of the tree.")
    if limits.examples == 0:
        lines.append("Examples: none were asked for.")
    lines.append(f"Whole conversations; of each example all beyond its first {EXAMPLE} characters.")
    if report.map is None:
        lines.append("A map: none was built (map.build).")
    if timeless:
        lines.append("Trends: no query has a time, or there are too many periods.")
    return tuple(lines)


def _deeper(entry: Entry) -> int:
    return entry.deeper + sum(map(_deeper, entry.children))


def bad_limits(levels: int | None, examples: int) -> ActionError | None:
    """The error for limits that make no sense."""
    if levels is not None and levels < 1:
        return ActionError("bad_level", f"levels={levels} is below 1.", "1 shows the themes alone.")
    if not 0 <= examples <= _CENTRAL:
        return ActionError("bad_examples", f"examples={examples} is not from 0 to {_CENTRAL}.", "")
    return None
