"""Which edits can be carried over, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.curate.edit import check_reason
from core.errors import ActionError
from core.lookup import unknown
from core.replay.facts import COLUMNS, plan_fact
from core.replay.moves import plan_moves, plan_query_flag
from core.replay.nodes import KINDS as NODE_KINDS
from core.replay.plan import Case, Plan
from core.replay.shape import plan_delete, plan_merge, plan_split
from db.edits import EditRecord

PLANS: dict[str, Callable[[Case], Plan]] = {
    **dict.fromkeys(COLUMNS, plan_fact),
    "cluster.merge": plan_merge,
    "cluster.split": plan_split,
    "cluster.delete": plan_delete,
    "query.move": plan_moves,
    "query.restore": plan_moves,
    "query.flag": plan_query_flag,
    "outlier.assign": plan_moves,
}
"""How each kind of edit is planned, but for those of nodes."""
KINDS = (*PLANS, *NODE_KINDS)
"""The kinds of edits that can be replayed."""


@dataclass(frozen=True)
class Wanted:
    """Which edits are replayed, and how.

    Args:
        least: The Jaccard index from which on a cluster stands for another.
        kinds: Kinds of edits, or the words before their dots, with commas between; empty: all.
        actor: Only edits by this one.
        overwrite: Replace what was decided by hand in the new run.
        reason: Why it is replayed.
    """

    least: float = 0.5
    kinds: str = ""
    actor: str | None = None
    overwrite: bool = False
    reason: str = ""

    def check(self) -> None:
        """Raise `bad_overlap`, `unknown_kind` or `bad_reason`."""
        if not 0 < self.least <= 1:
            raise ActionError(
                "bad_overlap",
                f"min_overlap={self.least:g} is not above 0 and up to 1.",
                "The default is 0.5.",
            )
        known = sorted({*KINDS, *(kind.split(".")[0] for kind in KINDS)})
        for word in self._words():
            if word not in known:
                raise unknown("kind", word, known, f"One of: {', '.join(known)}.")
        check_reason(self.reason)

    def _words(self) -> list[str]:
        return [word.strip() for word in self.kinds.split(",") if word.strip()]

    def admits(self, record: EditRecord) -> bool:
        """Whether an edit is wanted."""
        words = self._words()
        return (not words or bool({record.kind, record.kind.split(".")[0]} & set(words))) and (
            self.actor is None or record.actor == self.actor
        )
