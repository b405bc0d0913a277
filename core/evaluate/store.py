"""Evaluations in the store: keeping, listing and showing them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import ActionError
from core.evaluate.rows import EvaluationKind, EvaluationRow, EvaluationShown, Measure, SweepRow
from core.evaluate.table import measure_table, sweep_table
from core.lookup import check_limit, find_dataset, find_run, row_cursor, unknown
from core.page import Page
from db.names import short_hash, take_name
from db.workspace import Workspace

_EVALUATION = (
    "SELECT e.id, e.name, e.kind, r.name, d.name, p.name, e.summary_set, e.hierarchy, e.parameters, e.results, e.created_at"
    " FROM evaluation e JOIN dataset d ON d.id = e.dataset_id JOIN space p ON p.id = e.space_id"
    " LEFT JOIN run r ON r.id = e.run_id"
)
TELLING = ("intruder", "reconstruction@1", "stability", "sibling separation")
"""What the list says of an evaluation, the first of each."""


@dataclass(frozen=True)
class NewEvaluation:
    """What is kept; `results` holds the rows as they are answered."""

    kind: EvaluationKind
    run_id: int | None
    dataset_id: int
    space_id: int
    summary_set: str | None
    hierarchy: str | None
    parameters: dict[str, Any]
    measures: tuple[Measure, ...] = ()
    sweep: tuple[SweepRow, ...] = ()
    recommended: int | None = None
    notes: tuple[str, ...] = ()


def save(workspace: Workspace, new: NewEvaluation, of: str) -> str:
    """Keep an evaluation; its name, made of what was evaluated (`of`) and how."""
    results = {
        "measures": [asdict(row) for row in new.measures],
        "sweep": [asdict(row) for row in new.sweep],
        "recommended": new.recommended,
        "notes": new.notes,
    }
    base = f"{'sweep' if new.kind == 'sweep' else 'eval'}-" + short_hash(
        of, new.kind, new.summary_set, new.hierarchy, new.parameters
    )
    with workspace.transaction() as connection:
        name = take_name(connection, base)
        connection.execute(
            "INSERT INTO evaluation (name, kind, run_id, dataset_id, space_id, summary_set, hierarchy, parameters,"
            " results, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, new.kind, new.run_id, new.dataset_id, new.space_id, new.summary_set, new.hierarchy,
                _json(new.parameters), _json(results), workspace.clock(),
            ),
        )  # fmt: skip
    return name


def evaluations(
    workspace: Workspace, run: str | None, dataset: str | None, limit: int, after: str | None
) -> Page:
    """The evaluations, newest first; of one run, or of one dataset, where one is named.

    Raises:
        ActionError: `unknown_run`, `unknown_dataset`, `bad_limit` or `bad_cursor`.
    """
    check_limit(limit)
    values = {
        "run": find_run(workspace, run).id if run is not None else None,
        "dataset": find_dataset(workspace, dataset)[0] if dataset is not None else None,
    }
    scope = "(:run IS NULL OR e.run_id = :run) AND (:dataset IS NULL OR e.dataset_id = :dataset)"
    rows = workspace.rows(
        f"{_EVALUATION} WHERE {scope} AND (:after IS NULL OR e.id < :after) ORDER BY e.id DESC LIMIT :limit",
        values | {"after": row_cursor(after), "limit": limit + 1},
    )
    page = tuple(_row(row) for row in rows[:limit])
    total = workspace.value(f"SELECT count(*) FROM evaluation e WHERE {scope}", values)
    return Page(page, total, str(rows[limit - 1][0]) if len(rows) > limit else None)


def show(workspace: Workspace, name: str | None, run: str | None) -> EvaluationShown:
    """An evaluation: the one named, else the newest of a run, else the newest.

    Raises:
        ActionError: `no_evaluation` or `unknown_evaluation`.
    """
    if name is not None:
        row = workspace.row(f"{_EVALUATION} WHERE e.name = ?", (name,))
    else:
        row = workspace.row(f"{_EVALUATION} ORDER BY r.name IS NOT ? , e.id DESC LIMIT 1", (run,))
    if row is None and name is not None:
        names = [r[0] for r in workspace.rows("SELECT name FROM evaluation ORDER BY id DESC LIMIT 500")]
        raise unknown("evaluation", name, names, "eval.list shows them.")
    if row is None:
        raise ActionError(
            "no_evaluation", "Nothing was evaluated yet.", "Do it: eval.run, or run.sweep k=50,100."
        )
    _, found, kind, of_run, dataset, space, summary_set, hierarchy, parameters, results, created_at = row
    kept = json.loads(results)
    measures = tuple(Measure(**measure) for measure in kept["measures"])
    sweep = tuple(SweepRow(**one) for one in kept["sweep"])
    return EvaluationShown(
        evaluation=found,
        kind=kind,
        run=of_run,
        dataset=dataset,
        space=space,
        summary_set=summary_set,
        hierarchy=hierarchy,
        parameters=json.loads(parameters),
        measures=measures,
        sweep=sweep,
        recommended=kept["recommended"],
        notes=tuple(kept["notes"]),
        created_at=created_at,
        table=sweep_table(sweep) if kind == "sweep" else measure_table(measures),
    )


def _row(row: tuple[Any, ...]) -> EvaluationRow:
    _, name, kind, run, dataset, space, _, _, _, results, created_at = row
    kept = json.loads(results)
    if kind == "sweep":
        says = kept["notes"][0] if kept["notes"] else ""
    else:
        first = {measure["measure"]: measure["value"] for measure in reversed(kept["measures"])}
        first = {name: first.get(name) for name in TELLING}
        says = ", ".join(f"{name} {value:.2f}" for name, value in first.items() if value is not None)
    return EvaluationRow(
        name, kind, run, dataset, space, len(kept["sweep"] or kept["measures"]), says, created_at
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
