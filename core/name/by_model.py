"""Names by a language model: Clio's contrast, everything paid kept, every cluster named in the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict

from core.llm.asking import Manner, asking, in_batch, rehearsing
from core.llm.pace import Pace
from core.llm.provider import tokens_of
from core.llm.question import Bill, Outcome, Question
from core.name.answer import ModelName, NameCluster
from core.name.create import check_alias, title_vectors
from core.name.local_names import local_names
from core.name.model_set import Complete, cost_of, names_from, parameters_of, status_of, stored, write_names
from core.name.order import MAX_TOKENS, Work
from core.name.unique import title_key
from core.rows import SummaryMade, SummaryPlan
from core.session import Session
from db.names import short_hash, take_name

PURPOSE = "name"

USUAL_TOKENS, SHORT_TOKENS = 220, 80
"""Tokens of a usual answer, and of a short one."""


def plan(session: Session, work: Work, only: Sequence[int] | None = None) -> SummaryPlan:
    """What the work, or the questions `only` of it, would take.

    The journal is played through; nothing is sent, and no key is needed.
    """
    questions = work.questions if only is None else [work.questions[at] for at in only]
    with rehearsing(session, work.target, work.price, PURPOSE) as caller:
        outcomes = caller.ask(questions)
    pending = [(q, o) for q, o in zip(questions, outcomes, strict=True) if o.status == "pending"]
    left = [q for q, outcome in pending if not in_batch(session.workspace, work.target, q, outcome)]
    sent = sum(tokens_of(work.target, question.prompt, question.schema) for question in left)
    low = high = None
    if work.price is not None:
        low = round(work.price.cost(sent, SHORT_TOKENS * len(left)), 6)
        high = round(2 * work.price.cost(sent, MAX_TOKENS * len(left)), 6)
    return SummaryPlan(
        run=work.run.name,
        model=work.order.model,
        clusters=len(questions),
        calls=len(left),
        from_journal=len(questions) - len(pending),
        in_batch=len(pending) - len(left),
        tokens_in=sent,
        tokens_out=USUAL_TOKENS * len(left),
        cost_low=low,
        cost_high=high,
        prices=work.price.dated if work.price else None,
    )


def create(session: Session, work: Work, pace: Pace, alias: str, manner: Manner | None = None) -> SummaryMade:
    """Ask for every name and keep them as a new set, shown from now on.

    Raises:
        ActionError: `bad_alias`, `alias_taken`, `no_key`, `provider_unreachable`, `provider_refused`, `provider_failed`,
            `in_batch`; `Detached` where `pace.batch` says so and answers are to come.
        StoreError: `store_locked` while another job calls models.
        Cancelled: Stopped; the answers so far are in the journal, and the same command goes on from there.
    """
    workspace = session.workspace
    check_alias(workspace, work.run, alias)
    local = local_names(session, work.run)
    outcomes, bill = _ask(session, work, work.questions, pace, manner)
    names = names_from(work, outcomes, local, range(len(outcomes)), {})
    vectors = title_vectors(session, work.run, [title for title, _ in names])
    identity = {"kind": PURPOSE, "run": work.run.name, **asdict(work.order)}
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", work.order.model).strip("-")[:60]
    parameters = parameters_of(work, outcomes)
    with workspace.transaction() as connection:
        name = take_name(connection, f"names-{slug}-{short_hash(identity)}")
        set_id = connection.execute(
            "INSERT INTO summary_set (name, run_id, alias, model, prompt_hash, parameters, cost, status, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, work.run.id, alias, work.order.model, work.order.template.hash, parameters, cost_of(outcomes),
                status_of(outcomes), workspace.clock(),
            ),
        ).lastrowid  # fmt: skip
        write_names(connection, set_id, work.shown, outcomes, names, local, vectors)
        connection.execute("UPDATE run SET summary_set = ? WHERE id = ?", (set_id, work.run.id))
    if session.view.run == work.run.name:
        session.go(summary_set=name)
    return _made(name, work, outcomes, bill, [model for _, model in names])


def resume(session: Session, name: str | None, pace: Pace, manner: Manner | None = None) -> SummaryMade:
    """Ask again for the names that a set does not have: those that failed, and those not asked yet. The others stay.

    Raises:
        ActionError: `no_run`, `unknown_summary_set`, and what `create` raises.
    """
    workspace = session.workspace
    found = stored(session, name, pace)
    if isinstance(found, Complete):
        return SummaryMade(found.name, found.run, found.clusters, found.mixed)
    work, left = found.work, found.left
    if not left:
        return SummaryMade(found.name, work.run.name, len(work.questions), 0)
    questions = [work.questions[at] for at in left]
    local = local_names(session, work.run)
    outcomes, bill = _ask(session, work, questions, pace, manner)
    names = names_from(work, outcomes, local, left, {title_key(title) for title in found.kept})
    vectors = title_vectors(session, work.run, [title for title, _ in names])
    with workspace.transaction() as connection:
        connection.executemany(
            "DELETE FROM summary WHERE summary_set_id = ? AND cluster = ?",
            [(found.set_id, work.shown[at].cluster) for at in left],
        )
        shown = [work.shown[at] for at in left]
        write_names(connection, found.set_id, shown, outcomes, names, [local[at] for at in left], vectors)
        connection.execute(
            "UPDATE summary_set SET status = ?, cost = cost + ? WHERE id = ?",
            (status_of(outcomes), cost_of(outcomes), found.set_id),
        )
    return _made(found.name, work, outcomes, bill, [model for _, model in names])


def _ask(
    session: Session,
    work: Work,
    questions: Sequence[Question[NameCluster]],
    pace: Pace,
    manner: Manner | None,
) -> tuple[list[Outcome[NameCluster]], Bill]:
    with asking(
        session, work.target, work.price, pace, PURPOSE, work.order.seed, manner or Manner()
    ) as caller:
        return caller.ask(questions), caller.bill


def _made(
    name: str,
    work: Work,
    outcomes: Sequence[Outcome[NameCluster]],
    bill: Bill,
    names: Sequence[ModelName | None],
) -> SummaryMade:
    counts = {
        status: sum(o.status == status for o in outcomes) for status in ("unsupported", "failed", "pending")
    }
    return SummaryMade(
        summary_set=name,
        run=work.run.name,
        clusters=len(work.questions),
        mixed=sum(model is not None and model.form == "mixed" for model in names),
        status=status_of(outcomes),
        calls=bill.calls,
        cost=None if work.price is None else round(bill.cost, 6),
        stopped=bill.stopped,
        **counts,
    )
