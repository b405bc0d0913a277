"""Writing what was found to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.registry import action
from core.session import Session

if TYPE_CHECKING:
    from core.export.rows import ExportMade
    from core.report.rows import ReportMade


def _plan(session: Session, **asked: Any) -> ExportMade:
    from core.export.run import ExportAsked, plan_export

    return plan_export(session, ExportAsked(**asked | {"run": asked.get("run") or session.view.run}))


@action(
    "export.run",
    title="Export the run",
    scope="runs",
    effect="file",
    keys=("x",),
    plan=_plan,
    examples=(
        "export.run format=jsonl path=queries.jsonl overwrite=true",
        "export.run what=hierarchy path=tree.csv min_users=5 redact=email,url spreadsheet=true",
        "export.run format=arrow path=queries",
    ),
)
def run(
    session: Session,
    *,
    what: Literal["queries", "clusters", "hierarchy", "edits", "facets"] = "queries",
    format: Literal["csv", "jsonl", "parquet", "arrow"] | None = None,
    path: str | None = None,
    run: str | None = None,
    hierarchy: str | None = None,
    overwrite: bool = False,
    where: str | None = None,
    min_users: int | None = None,
    min_conversations: int | None = None,
    redact: str | None = None,
    spreadsheet: bool = False,
) -> ExportMade:
    """Write a table of the run: its queries with cluster, title and path in the tree, or its clusters, tree, edits or facets.

    Args:
        what: What is a row: a query, a cluster, a node of the tree, an edit, or a value of a facet.
        format: The file's format; the default comes from the path, else CSV. `arrow` is a folder for `datasets.load_from_disk`.
        path: Where to write; the default is in the workspace's exports folder.
        run: The run's id; the default is the current one.
        hierarchy: The tree's id; the default is the run's current one.
        overwrite: Replace the file when it is there.
        where: Only queries with these facets: `task=coding|debugging,concern>=4`; `!=` is not, `task=` no value.
        min_users: Leave out clusters of fewer users, with their queries; without known users conversations count.
        min_conversations: Leave out clusters of fewer conversations; they are counted together, so totals add up.
        redact: Mask in every text: `email,phone,key,card,ip,url`, some of them, or `all`; the default masks nothing.
        spreadsheet: In CSV, put an apostrophe before what a spreadsheet would take for a formula.
    """
    from core.export.run import ExportAsked, export_run

    asked = ExportAsked(
        what, format, path, run or session.view.run, hierarchy, overwrite, where,
        min_users, min_conversations, redact, spreadsheet,
    )  # fmt: skip
    return export_run(session, asked)


def _plan_report(session: Session, **asked: Any) -> ReportMade:
    from core.report.write import ReportAsked, plan_report

    return plan_report(session, ReportAsked(**asked | {"run": asked.get("run") or session.view.run}))


@action(
    "report.write",
    title="Write a report",
    scope="runs",
    effect="file",
    plan=_plan_report,
    examples=(
        "report.write path=report.html overwrite=true",
        "report.write format=md path=report.md min_users=5 redact=email,url examples=2",
    ),
)
def report(
    session: Session,
    *,
    format: Literal["md", "html"] | None = None,
    path: str | None = None,
    run: str | None = None,
    hierarchy: str | None = None,
    overwrite: bool = False,
    levels: int | None = None,
    examples: int = 3,
    min_users: int | None = None,
    min_conversations: int | None = None,
    redact: str | None = None,
) -> ReportMade:
    """Write the run as one file to hand on: tree, sizes, examples, trends, method and provenance, and what was left out.

    Args:
        format: Markdown or HTML without scripts or links out; the default comes from the path, else HTML.
        path: Where to write; the default is in the workspace's exports folder.
        run: The run's id; the default is the current one.
        hierarchy: The tree's id; the default is the run's current one.
        overwrite: Replace the file when it is there.
        levels: Levels of the tree that are shown, counted from the top; the default is all of them.
        examples: Most central queries shown of each cluster; 0 shows none.
        min_users: Leave out clusters and themes of fewer users; without known users conversations count.
        min_conversations: Leave out clusters and themes of fewer conversations; they are counted together.
        redact: Mask in every text: `email,phone,key,card,ip,url`, some of them, or `all`; the default masks nothing.
    """
    from core.report.write import ReportAsked, write_report

    asked = ReportAsked(
        format, path, run or session.view.run, hierarchy, overwrite, levels, examples,
        min_users, min_conversations, redact,
    )  # fmt: skip
    return write_report(session, asked)
