"""Long actions that run or ran, of this process and of others on the same workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.jobs.rows import JobDetail
    from core.page import Page
    from core.session import Session


@action(
    "job.list",
    title="Runs and jobs",
    scope="global",
    effect="read",
    keys=("8",),
    examples=("job.list", "job.list status=failed limit=20"),
)
def list_(
    session: Session,
    *,
    status: Literal["running", "done", "failed", "cancelled", "lost"] | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """The jobs of this workspace, of whatever process: first those that run, then the newest.

    Args:
        status: Only these; `lost` are those whose process is gone.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.jobs.list import jobs

    return jobs(session.workspace, status, limit, after)


@action("job.show", title="Show a job", scope="data", effect="read", examples=("job.show job=1",))
def show(session: Session, *, job: int) -> JobDetail:
    """What a job was asked, how far it is, what it cost, what ended it, and its log.

    Args:
        job: The job's number.
    """
    from core.jobs.list import job_detail

    return job_detail(session.workspace, job)


def _would_cancel(session: Session, **given: Any) -> JobDetail:
    from core.jobs.list import cancel

    return cancel(session, given["job"], dry_run=True)


@action(
    "job.cancel",
    title="Stop a job",
    scope="data",
    effect="write",
    plan=_would_cancel,
    examples=("job.cancel job=1",),
)
def cancel(session: Session, *, job: int) -> JobDetail:
    """Ask a running job to stop, of this or of another process; it does between two batches, and keeps what it has finished.

    job.resume takes it back.

    Args:
        job: The job's number.
    """
    from core.jobs.list import cancel

    return cancel(session, job)


def _would_resume(session: Session, **given: Any) -> Any:
    from core.jobs.list import resume

    return resume(session, given["job"], dry_run=True)


@action(
    "job.resume",
    title="Start a job again",
    scope="data",
    effect="job",
    plan=_would_resume,
    examples=("job.resume job=1",),
)
def resume(session: Session, *, job: int) -> Any:
    """Start the action of a job that failed, was stopped or is lost again, with its parameters and from where its user was.

    What it had finished is not done twice, where the action keeps it: embed.run, names and trees by a model, facets. Any other
    begins anew. The answer is that of the action.

    Args:
        job: The job's number.
    """
    from core.jobs.list import resume

    return resume(session, job)
