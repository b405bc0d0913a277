"""Evaluating a run with its names and its tree, and keeping the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.cluster.result import Floats
from core.errors import ActionError
from core.evaluate.figures import counted, figure, missing
from core.evaluate.inputs import (
    Grouped,
    Name,
    cluster_numbers,
    judging_space,
    read_grouped,
    read_levels,
    read_names,
)
from core.evaluate.intruder import intruder_test
from core.evaluate.labels import label_scores, read_labels
from core.evaluate.names import citations, distinctness, words_found
from core.evaluate.reconstruct import reconstruction
from core.evaluate.rows import EvaluationMade, EvaluationPlan, Measure
from core.evaluate.stability import stability
from core.evaluate.store import NewEvaluation, save
from core.evaluate.tree import siblings
from core.llm.pace import Pace
from core.lookup import HierarchyInfo, RunInfo, check_seed, find_hierarchy, find_run, find_summary_set
from core.session import Session
from db.vectors import SpaceInfo

if TYPE_CHECKING:
    from core.evaluate.by_model import Quiz
    from core.llm.asking import Manner

MOST_ITEMS = 100
LOCAL = "local"
OWN_VECTORS = (
    "Judged by the vectors that made the clusters: good for comparing runs of one space, not spaces with each other;"
    " space= judges by others."
)


@dataclass(frozen=True)
class Request:
    """The parameters of `eval.run`."""

    run: str | None
    set: str | None
    hierarchy: str | None
    label: str | None
    level: int | None
    items: int
    sample: int
    space: str | None
    seed: int
    model: str = LOCAL
    base_url: str | None = None
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, eq=False)
class Subject:
    """What is evaluated."""

    run: RunInfo
    space: SpaceInfo
    clusters: list[int]
    data: Grouped
    set_name: str | None
    names: list[Name] | None
    tree: HierarchyInfo | None
    paths: list[list[str]]
    kinds: list[list[str]]


def evaluate(session: Session, request: Request, manner: Manner | None = None) -> EvaluationMade:
    """Measure a run, its names and its tree, and keep the figures with the run.

    Raises:
        ActionError: `no_run`, `unknown_run`, `unknown_summary_set`, `unknown_hierarchy`, `unknown_space`, `unknown_label`,
            `bad_level`, `bad_items`, `bad_sample`, `embeddings_missing`, and what asking a model raises.
        Cancelled: Stopped; nothing is kept.
    """
    subject = read_subject(session, request)
    quiz = None if request.model == LOCAL else _quiz(session, subject, request)
    measures = [*_of_labels(session, subject, request), *_measures(session, subject, request)]
    notes = [] if request.space and request.space != subject.run.space else [OWN_VECTORS]
    if quiz is not None:
        from core.evaluate import by_model

        rows, said = by_model.ask(session, quiz, request.pace, request.seed, manner)
        measures, notes = measures + rows, notes + said
    return keep(session, subject, request, tuple(measures), tuple(notes))


def plan_evaluation(session: Session, request: Request) -> EvaluationMade | EvaluationPlan:
    """What `evaluate` would do: done and rolled back where that costs nothing, else its calls, tokens and price.

    Raises:
        ActionError: As `evaluate`.
    """
    if request.model == LOCAL:
        with session.rolled_back():
            return evaluate(session, request)
    from core.evaluate import by_model

    subject = read_subject(session, request)
    return by_model.plan(session, _quiz(session, subject, request), subject.run.name)


def _quiz(session: Session, subject: Subject, request: Request) -> Quiz:
    from core.evaluate import by_model

    return by_model.prepare(
        session,
        subject.data,
        subject.names,
        model=request.model,
        base_url=request.base_url,
        items=request.items,
        seed=request.seed,
        pace=request.pace,
    )


def keep(
    session: Session,
    subject: Subject,
    request: Request,
    measures: tuple[Measure, ...],
    notes: tuple[str, ...],
) -> EvaluationMade:
    """Store the figures; what is answered."""
    tree = subject.tree.name if subject.tree else None
    parameters = asdict(request)
    for given in ("run", "set", "hierarchy", "space", "pace"):
        del parameters[given]
    new = NewEvaluation(
        kind="run",
        run_id=subject.run.id,
        dataset_id=subject.run.dataset_id,
        space_id=subject.space.id,
        summary_set=subject.set_name,
        hierarchy=tree,
        parameters=parameters,
        measures=measures,
        notes=notes,
    )
    name = save(session.workspace, new, f"{subject.run.name} {subject.space.name}")
    return EvaluationMade(name, subject.run.name, subject.set_name, tree, measures, notes)


def read_subject(session: Session, request: Request) -> Subject:
    """The run with its vectors, names and tree; names and tree where it has any.

    Raises:
        ActionError: As `evaluate`.
    """
    workspace = session.workspace
    if not 1 <= request.items <= MOST_ITEMS:
        raise ActionError("bad_items", f"items={request.items} is not from 1 to {MOST_ITEMS}.", "10 will do.")
    if request.sample < 100:
        raise ActionError("bad_sample", f"sample={request.sample} is below 100.", "20000 will do.")
    check_seed(request.seed)
    run = find_run(workspace, request.run or session.view.run)
    space = judging_space(workspace, run, request.space)
    clusters = cluster_numbers(workspace, run)
    set_id, set_name = None, None
    if request.set is not None or run.summary_set is not None:
        set_id, set_name = find_summary_set(workspace, run, request.set)
    tree = _tree(session, run, request.hierarchy)
    if request.level is not None and (tree is None or not 1 <= request.level <= tree.levels):
        deepest = f"from 1 to {tree.levels}" if tree else "there is no tree"
        raise ActionError("bad_level", f"level={request.level}: {deepest}.", "Leave it out for all levels.")
    paths, kinds = read_levels(workspace, tree, clusters) if tree else ([], [])
    return Subject(
        run=run,
        space=space,
        clusters=clusters,
        data=read_grouped(workspace, run, space, clusters, session.control),
        set_name=set_name,
        names=None if set_id is None else read_names(workspace, run, set_id, clusters),
        tree=tree,
        paths=paths,
        kinds=kinds,
    )


def _tree(session: Session, run: RunInfo, name: str | None) -> HierarchyInfo | None:
    """The tree that is named, else the run's current one.

    Raises:
        ActionError: `unknown_hierarchy`, also for a tree of another run.
    """
    if name is None:
        name = session.workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
        if name is None:
            return None
    tree = find_hierarchy(session.workspace, name)
    if tree.run_id != run.id:
        raise ActionError(
            "unknown_hierarchy", f"{tree.name} is not a tree of {run.name}.", "hierarchy.list shows them."
        )
    return tree


def _measures(session: Session, subject: Subject, request: Request) -> list[Measure]:
    control, data, seed = session.control, subject.data, request.seed
    rows = intruder_test(data, request.items, seed, control)
    rows += _of_names(session, subject, request)
    rows += _coverage(subject)
    rows.append(stability(data, subject.run, request.sample, seed, control))
    if subject.tree:
        rows += siblings(data, subject.paths, subject.kinds)
    return rows


def _of_names(session: Session, subject: Subject, request: Request) -> list[Measure]:
    if subject.names is None or not subject.names:
        return [missing("reconstruction@1", "names", "The clusters have no names: summary.create.")]
    control, data, names = session.control, subject.data, subject.names
    full = embedded(session, subject.space, [f"{name.title}. {name.description}" for name in names])
    titles = embedded(session, subject.space, [name.title for name in names])
    if full is None:
        why = "The model that made the vectors is not at hand."
        rows = [missing("reconstruction@1", "names", why)]
    else:
        rows = reconstruction(data, full, request.items, request.seed, control)
    rows += distinctness(names, titles)
    rows += words_found(session.workspace, data, names, request.seed, control)
    return rows + citations(session.workspace, subject.run, names)


def embedded(session: Session, space: SpaceInfo, texts: list[str]) -> Floats | None:
    """The vectors of texts in a space; `None` where its model is not at hand."""
    from core.embed.space import embedder_of

    try:
        return embedder_of(session.workspace, space).embed(texts, session.control)
    except ActionError as error:
        if error.code == "cancelled":
            raise
        return None


def _coverage(subject: Subject) -> list[Measure]:
    """The share of queries in clusters, and of those under a theme that is one."""
    data = subject.data
    total, inside = int(data.weights.sum()), data.labels >= 0
    clustered = int(data.weights[inside].sum())
    rows = [counted("queries in clusters", "clusters", clustered, total, "The rest is noise, or orphans.")]
    if subject.tree:
        lost = np.array(["no_parent" in kinds or not kinds for kinds in subject.kinds], dtype=bool)
        under = int(data.weights[inside][~lost[data.labels[inside]]].sum()) if len(lost) else 0
        note = "Neither noise nor under what has no good parent."
        rows.append(counted("queries under themes", "tree", under, total, note))
    if data.k:
        sizes = np.bincount(data.labels[inside], data.weights[inside], minlength=data.k)
        rows.append(figure("largest cluster's share", "clusters", sizes.max() / max(total, 1), total))
    return rows


def _of_labels(session: Session, subject: Subject, request: Request) -> list[Measure]:
    """Agreement with labels, of the levels from the top down and of the clusters."""
    if request.label is None:
        return []
    found = read_labels(session.workspace, subject.run, request.label)
    held = set(found.table.column_labels.tolist())
    own = {number: f"c{number}" for number in subject.clusters}
    rest = {number: f"rest{number}" for number in held - set(own)}
    rows: list[Measure] = []
    if subject.tree:
        levels = [request.level] if request.level else range(1, subject.tree.levels + 1)
        for level in levels:
            at = {
                number: path[min(level, len(path)) - 1] if path else f"c{number}"
                for number, path in zip(subject.clusters, subject.paths, strict=True)
            }
            lost = {
                path[depth]
                for path, kinds in zip(subject.paths, subject.kinds, strict=True)
                for depth, kind in enumerate(kinds)
                if kind == "no_parent"
            }
            rows += label_scores(found, f"level {level}", at | rest, frozenset({*rest.values(), *lost}))
    rows += label_scores(found, "clusters", own | rest, frozenset(rest.values()))
    if found.without:
        rows.append(
            figure(
                f"{found.field}: queries without", "run", found.without, found.without, "They count nowhere."
            )
        )
    return rows
