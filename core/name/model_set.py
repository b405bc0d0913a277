"""Sets of names by a model, in the store: what is missing from one, and how names are written to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace

from core.llm.pace import Pace
from core.llm.question import Outcome
from core.lookup import find_run, find_summary_set
from core.name.answer import ModelName, NameCluster, name_of
from core.name.contrast import Shown
from core.name.local_names import LocalName
from core.name.order import Order, Work, prepare
from core.name.unique import unique_among
from core.session import Session
from db.names import short_hash


@dataclass(frozen=True, eq=False)
class Stored:
    """A set of names in the store: `left` are the positions of the clusters that it has no name for, `kept` its titles."""

    set_id: int
    name: str
    work: Work
    left: tuple[int, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class Complete:
    """A set that was made without a language model: nothing can be missing."""

    name: str
    run: str
    clusters: int
    mixed: int


def stored(session: Session, name: str | None, pace: Pace) -> Stored | Complete:
    """A set of the current run, ready to be finished: what failed for good is asked from the attempt after its last.

    Raises:
        ActionError: `no_run`, `no_summary`, `unknown_summary_set`, and what `prepare` raises.
    """
    workspace = session.workspace
    run = find_run(workspace, session.view.run)
    set_id, set_name = find_summary_set(workspace, run, name)
    order = json.loads(workspace.value("SELECT parameters FROM summary_set WHERE id = ?", (set_id,))).get(
        "order"
    )
    if order is None:
        clusters, mixed = workspace.row(
            "SELECT count(*), coalesce(sum(form = 'mixed'), 0) FROM summary WHERE summary_set_id = ?",
            (set_id,),
        ) or (0, 0)
        return Complete(set_name, run.name, clusters, mixed)
    work = prepare(session, run, Order(**order), pace)
    rows = workspace.rows(
        "SELECT cluster, title, status, attempt FROM summary WHERE summary_set_id = ?", (set_id,)
    )
    known = {cluster: (title, status, attempt) for cluster, title, status, attempt in rows}
    left, questions = [], list(work.questions)
    for at, shown in enumerate(work.shown):
        _, status, attempt = known.get(shown.cluster, ("", "pending", 0))
        if status in ("failed", "pending"):
            left.append(at)
            questions[at] = replace(questions[at], first_attempt=attempt + 1 if status == "failed" else 0)
    kept = tuple(title for title, status, _ in known.values() if status not in ("failed", "pending"))
    return Stored(set_id, set_name, replace(work, questions=tuple(questions)), tuple(left), kept)


def names_from(
    work: Work,
    outcomes: Sequence[Outcome[NameCluster]],
    local: Sequence[LocalName],
    at: Sequence[int],
    kept: Collection[str],
) -> list[tuple[str, ModelName | None]]:
    """The title of each cluster of `at`, unlike any other, and what the model said; the local name where it said nothing."""
    found = [
        None if outcome.answer is None else name_of(outcome.answer, work.shown[i], work.members[i])
        for i, outcome in zip(at, outcomes, strict=True)
    ]
    titles = [local[i].title if name is None else name.title for i, name in zip(at, found, strict=True)]
    titles = unique_among(titles, [local[i].phrase_texts for i in at], kept)
    return list(zip(titles, found, strict=True))


def write_names(
    connection: sqlite3.Connection,
    set_id: int | None,
    shown: Sequence[Shown],
    outcomes: Sequence[Outcome[NameCluster]],
    names: Sequence[tuple[str, ModelName | None]],
    local: Sequence[LocalName],
    vectors: Sequence[bytes | None],
) -> None:
    """Add the name of each cluster to a set; the local one where the model gave none."""
    for cluster, outcome, (title, name), plain, vector in zip(
        shown, outcomes, names, local, vectors, strict=True
    ):
        connection.execute(
            "INSERT INTO summary (summary_set_id, cluster, title, description, form, coherence, phrases, phrase_shares,"
            " cited, vector, reason, status, problem, prompt_hash, attempt)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                set_id,
                cluster.cluster,
                title,
                name.description if name else plain.description,
                name.form if name else plain.form,
                name.coherence if name else None,
                plain.phrases,
                plain.phrase_shares,
                json.dumps(list(name.cited) if name else []),
                vector,
                name.reason if name else "",
                "named" if outcome.status == "answered" else outcome.status,
                outcome.problem,
                outcome.prompt_hash,
                outcome.attempt,
            ),
        )


def status_of(outcomes: Sequence[Outcome[NameCluster]]) -> str:
    """`partial` where a cluster has no name by the model, else `done`."""
    return "partial" if any(outcome.answer is None for outcome in outcomes) else "done"


def cost_of(outcomes: Sequence[Outcome[NameCluster]]) -> float:
    """Dollars that the outcomes have cost, whenever they were paid."""
    return round(sum(outcome.cost or 0.0 for outcome in outcomes), 6)


def parameters_of(work: Work, outcomes: Sequence[Outcome[NameCluster]]) -> str:
    """What is kept with a set: the order, its price, and what stands for all that was sent."""
    parameters = {
        "order": asdict(work.order),
        "price": None if work.price is None else [work.price.sent, work.price.received],
        "inputs_hash": short_hash([outcome.prompt_hash for outcome in outcomes]),
        "tokens_in": sum(outcome.tokens_in for outcome in outcomes),
        "tokens_out": sum(outcome.tokens_out for outcome in outcomes),
    }
    return json.dumps(parameters, ensure_ascii=False, sort_keys=True)
