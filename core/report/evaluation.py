"""The newest figures of a run's quality, for its report."""

from __future__ import annotations

from core.evaluate.store import evaluations, show
from core.lookup import RunInfo
from core.redact.mask import Redactor
from core.report.content import EvaluationPart, Score
from db.workspace import Workspace

_LOOKED = 100
"""Evaluations that are looked through; sweeps are among them."""


def evaluation_part(workspace: Workspace, run: RunInfo, redactor: Redactor) -> EvaluationPart | None:
    """What `eval.run` said last of the run; `None` where it was not evaluated."""
    found = evaluations(workspace, run.name, None, _LOOKED, None).rows
    name = next((row.evaluation for row in found if row.kind == "run"), None)
    if name is None:
        return None
    shown = show(workspace, name, run.name)
    scores = tuple(
        Score(
            one.measure,
            redactor.text(one.scope),
            f"{one.value:.3f}",
            "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}",
            f"{one.n:,}",
        )
        for one in shown.measures
        if one.value is not None
    )
    return EvaluationPart(name, shown.created_at, scores)
