"""Edits of one run done again in another one: each mapped by the members of its clusters, and an edit of its own there.

    report = replay(session, "kmeans-6-3f9a", "kmeans-9-77c1", Wanted())

What a person decided in the new run is never lost unless that is asked for, and nothing is done twice: an edit whose origin
stands in the reason of one that is in force is done already.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from core.curate.history import line_of
from core.errors import ActionError, Cancelled
from core.lookup import RunInfo, find_run
from core.page import Page
from core.registry import REGISTRY
from core.replay.nodes import KINDS as NODE_KINDS
from core.replay.nodes import plan_node, tree_of
from core.replay.plan import Case, Plan, Step
from core.replay.rows import Outcome, ReplayRow
from core.replay.sides import Sides
from core.replay.source import hand_moved, in_force, mark_of, marked, origins, taken_back
from core.replay.trees import TreeHistory
from core.replay.wanted import KINDS, PLANS, Wanted
from core.session import Session
from db import edits
from db.edits import EditRecord


def replay(session: Session, from_run: str, to_run: str, wanted: Wanted) -> Page:
    """Carry the edits of a run over to another one, the oldest first; a row for each.

    Each is an edit of its own, all or nothing; when it is stopped, what was done stays, and another replay goes on.

    Raises:
        ActionError: `unknown_run`, `same_run`, `other_dataset`, `nothing_shared`, `nothing_to_replay`, `bad_overlap`,
            `unknown_kind`, `bad_reason`, or `cancelled`.
    """
    wanted.check()
    workspace = session.workspace
    old, new = find_run(workspace, from_run), find_run(workspace, to_run)
    if old.id == new.id:
        raise ActionError("same_run", f"from= and to= are both {old.name}.", "Name two runs.")
    if old.dataset_id != new.dataset_id:
        raise ActionError(
            "other_dataset",
            f"{old.name} is of the dataset {old.dataset}, {new.name} of {new.dataset}.",
            "Edits are carried over between runs of one dataset.",
        )
    records = in_force(workspace, old.id)
    chosen = {record.id for record in records if wanted.admits(record)}
    if not chosen:
        what = (
            ""
            if len(records) == len(chosen)
            else f" of these kinds or by this person, but {len(records):,} others"
        )
        raise ActionError(
            "nothing_to_replay",
            f"{old.name} has no edits in force{what}.",
            f"edit.history run={old.name} shows its edits.",
        )
    return _Replay(session, old, new, records, chosen, wanted).run()


class _Replay:
    def __init__(
        self,
        session: Session,
        old: RunInfo,
        new: RunInfo,
        records: list[EditRecord],
        chosen: set[int],
        wanted: Wanted,
    ) -> None:
        self.session, self.workspace, self.old, self.new = session, session.workspace, old, new
        self.records, self.chosen, self.wanted = records, chosen, wanted
        there = in_force(self.workspace, new.id)
        self.taken_back: dict[int, EditRecord] = {}
        self.done: dict[int, list[EditRecord]] = defaultdict(list)
        self.relatives: dict[tuple[str, int], int] = {}
        """The edits of any run from which one of the new run comes in the end."""
        for record in there:
            marks = origins(self.workspace, record)
            self.relatives |= {(mark.run, mark.edit): record.id for mark in marks}
            if marks and marks[0].run == old.name:
                self.done[marks[0].edit].append(record)
        self.replayed = [record for found in self.done.values() for record in found]
        self.replayed.sort(key=lambda record: record.applied)
        if self.replayed:
            self.taken_back = taken_back(self.workspace, old.name, new.id, min(r.id for r in self.replayed))
        known = set(self.replayed)
        self.hand = hand_moved(self.workspace, [r for r in there if r not in known])
        self.sides = Sides(self.workspace, old, new, records, self.replayed)
        self.rank = {record.id: place for place, record in enumerate(records)}
        self.histories: dict[str, TreeHistory] = {}
        self.fresh = 0
        self.version = max(
            (record.id for record in edits.records(self.workspace, "e.run_id = ?", (new.id,))), default=0
        )
        """The last edit of the new run that has been seen: what somebody else changes meanwhile is refused as stale."""

    def run(self) -> Page:
        rows: list[ReplayRow] = []
        for place, record in enumerate(self.records):
            try:
                self.session.control.progress("replay", place, len(self.records), "edits")
            except Cancelled as error:
                raise Cancelled(
                    f"Stopped before edit {record.id}; {len(rows):,} of {len(self.chosen):,} edits were looked at,"
                    f" {self.fresh:,} new edits are done.",
                    "What is done stays; the same replay goes on from there.",
                ) from error
            if record.id in self.chosen:
                rows.append(self._one(record))
            else:
                for found in self.done.get(record.id, ()):
                    self.sides.pass_new(found, fresh=False)
            self.sides.pass_old(record)
        count = Counter(row.outcome for row in rows)
        note = (
            f"Of {len(rows):,} edits {count['applied']:,} applied, {count['partial']:,} in part, {count['conflict']:,}"
            f" in conflict, {count['skipped']:,} skipped; {self.fresh:,} new edits in {self.new.name}"
            + (f", which edit.undo count={self.fresh} takes back." if self.fresh else ".")
        )
        return Page(tuple(rows), len(rows), note=note)

    def _one(self, record: EditRecord) -> ReplayRow:
        before = self.done.get(record.id)
        if before:
            return self._before(record, before)
        kin = self._kin(record)
        if kin is not None:
            return self._row(record, kin)
        back = self.taken_back.get(record.id)
        if back is not None and not self.wanted.overwrite:
            why = f"Edit {back.id}, which replayed it, was undone by edit {back.undone_by}. overwrite=true does it again."
            return self._row(record, Plan("conflict", why), line=line_of(back))
        plan = self._plan(record)
        if plan.outcome not in ("applied", "partial") or not plan.steps:
            return self._row(record, plan)
        return self._do(record, plan)

    def _kin(self, record: EditRecord) -> Plan | None:
        """It came from the new run, or both came from the same edit of a third."""
        for mark in origins(self.workspace, record):
            if mark.run == self.new.name:
                came = edits.find(self.workspace, mark.edit)
                if came is not None and came.run_id == self.new.id and came.undone_by is None:
                    return Plan("applied", f"Already so: it came from {mark.run}, edit {mark.edit}.")
                return Plan("skipped", f"It came from {mark.run}: edit {mark.edit}, which is undone there.")
            if (mark.run, mark.edit) in self.relatives:
                known = self.relatives[mark.run, mark.edit]
                return Plan(
                    "applied", f"Already so: edit {known} came from edit {mark.edit} of {mark.run}, too."
                )
        own = self.relatives.get((self.old.name, record.id))
        return Plan("applied", f"Already so: edit {own} came from it by another run.") if own else None

    def _before(self, record: EditRecord, found: list[EditRecord]) -> ReplayRow:
        """It was replayed before."""
        for known in found:
            self.sides.pass_new(known, fresh=False)
        partial = any(mark.partial for known in found if (mark := mark_of(known)) is not None)
        outcome: Outcome = "partial" if partial else "applied"
        numbers = ", ".join(str(known.id) for known in found)
        given = [json.loads(known.parameters) for known in found]
        target = tuple(
            dict.fromkeys(
                params[name]
                for params in given
                for name in ("cluster", "node", "into", "to")
                if name in params
            )
        )
        why = f"Already so{' in part' if partial else ''}: edit {numbers} replayed it."
        line = "\n".join(line_of(known) for known in found)
        return self._row(record, Plan(outcome, why, target=target), line=line, ids=tuple(k.id for k in found))

    def _plan(self, record: EditRecord) -> Plan:
        if record.kind not in KINDS:
            return Plan("skipped", f"Edits of the kind {record.kind} are not carried over.")
        case = Case(
            self.workspace, self.old, self.new, record, self.sides, self.rank, self.replayed, self.hand,
            self.wanted.least, self.wanted.overwrite, json.loads(record.parameters),
        )  # fmt: skip
        if record.kind not in NODE_KINDS:
            return PLANS[record.kind](case)
        tree = tree_of(case)
        if tree is None:
            return Plan(
                "skipped", f"{self.new.name} has no tree for {case.params['hierarchy']}, which it is about."
            )
        name = case.params["hierarchy"]
        if name not in self.histories:
            number = self.workspace.value("SELECT id FROM hierarchy WHERE name = ?", (name,))
            self.histories[name] = TreeHistory(self.workspace, number, self.records)
        return plan_node(case, self.histories[name], tree)

    def _do(self, record: EditRecord, plan: Plan) -> ReplayRow:
        """Do the steps of a plan, all or none."""
        reason = marked(record, self.old.name, self.wanted.reason, plan.outcome == "partial")
        done: list[Any] = []
        seen = self.version
        try:
            with edits.turn(self.workspace), self.workspace.transaction():
                for step in plan.steps:
                    done.append(self._step(step, reason, seen))
                    seen = done[-1].edit or seen
        except Cancelled:
            raise
        except ActionError as error:
            return self._row(record, replace(plan, outcome="conflict", why=str(error)))
        ids = tuple(edited.edit for edited in done if edited.edit is not None)
        made = [known for number in ids if (known := edits.find(self.workspace, number)) is not None]
        for known in made:
            self.sides.pass_new(known, fresh=True)
        self.fresh, self.version = self.fresh + len(ids), seen
        if not ids:
            plan = replace(plan, why=f"Already so. {plan.why}".strip())
        line = "\n".join(line_of(known) for known in made)
        return self._row(record, plan, line=line, ids=ids, moved=sum(edited.moved for edited in done))

    def _step(self, step: Step, reason: str, seen: int) -> Any:
        act = REGISTRY.get(step.kind)
        params = {**step.params, "run": self.new.name, "reason": reason, "expect": seen}
        try:
            return act.run(self.session, **act.validate(params))
        except ActionError as error:
            if error.code != "title_taken" or not step.optional:
                raise
            kept = {name: value for name, value in params.items() if name not in step.optional}
            return act.run(self.session, **act.validate(kept))

    def _row(
        self,
        record: EditRecord,
        plan: Plan,
        *,
        line: str | None = None,
        ids: tuple[int, ...] = (),
        moved: int = 0,
    ) -> ReplayRow:
        if line is None:
            steps = [
                {"action": step.kind, "params": {**step.params, "run": self.new.name}} for step in plan.steps
            ]
            line = "\n".join(json.dumps(step, ensure_ascii=False) for step in steps)
        return ReplayRow(
            edit=record.id, kind=record.kind, actor=record.actor, summary=record.summary, outcome=plan.outcome, why=plan.why,
            line=line, target=plan.target, overlap=plan.near.overlap, found=plan.near.found, share=plan.near.share,
            moved=moved, fitting=plan.fitting, missing=plan.missing, edits=ids,
        )  # fmt: skip
