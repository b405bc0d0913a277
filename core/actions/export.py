"""Writing what was found to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.rows import Exported
    from core.session import Session


def _plan(
    session: Session,
    *,
    format: str | None = None,
    path: str | None = None,
    run: str | None = None,
    hierarchy: str | None = None,
    overwrite: bool = False,
    where: str | None = None,
) -> Exported:
    from core.export import plan_export

    run = run or session.view.run
    return plan_export(session, run, hierarchy, format=format, path=path, overwrite=overwrite, where=where)


@action(
    "export.run",
    title="Export the run",
    scope="runs",
    effect="file",
    keys=("x",),
    plan=_plan,
    examples=("export.run format=jsonl path=queries.jsonl overwrite=true",),
)
def run(
    session: Session,
    *,
    format: Literal["csv", "jsonl", "parquet"] | None = None,
    path: str | None = None,
    run: str | None = None,
    hierarchy: str | None = None,
    overwrite: bool = False,
    where: str | None = None,
) -> Exported:
    """Write one row a query: id, text, facets, cluster, title, and the path in the tree.

    Args:
        format: The file's format; the default comes from the path, else CSV.
        path: Where to write; the default is in the workspace's exports folder.
        run: The run's id; the default is the current one.
        hierarchy: The tree's id; the default is the run's current one.
        overwrite: Replace the file when it is there.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
    """
    from core.export import export_run

    run = run or session.view.run
    return export_run(session, run, hierarchy, format=format, path=path, overwrite=overwrite, where=where)
