"""The runs and the jobs of a workspace, as far as they are read, and what is known of one of them."""

from __future__ import annotations

from typing import Any

from core.errors import ActionError
from core.jobs.rows import JobDetail, JobRow
from core.rows import RunRow
from screens.base import Desk
from screens.runs.job_lines import Ordered
from screens.runs.run_lines import RunFacts

PAGE = 100
"""Runs, or jobs, that are read at once."""

MOST_AGAIN = 1_000
"""So many of those that are shown are read again at most."""

About = RunFacts | JobDetail | Ordered
"""What is known of a run, of a job, or of an order that waits."""


class Work:
    """Reads in the reading thread.

    Args:
        desk: What the screens share.
        status: Only jobs of this status.
    """

    def __init__(self, desk: Desk, status: str | None) -> None:
        self._desk = desk
        self.status = status
        self.runs: tuple[RunRow, ...] = ()
        self.jobs: tuple[JobRow, ...] = ()
        self.runs_total = self.jobs_total = 0
        self.runs_after: str | None = None
        """The cursor of the next runs; `None`: there are no more."""
        self.jobs_after: str | None = None

    @property
    def running(self) -> int:
        """Jobs that run, in whatever process."""
        return sum(row.status == "running" for row in self.jobs)

    async def read_runs(self) -> None:
        """Read as many runs again as are shown."""
        if self._desk.session.exists():
            page = await self._read("run.list", {"limit": _limit(len(self.runs))})
            self.runs, self.runs_after, self.runs_total = page.data, page.after, page.total or 0

    async def read_jobs(self) -> None:
        """Read as many jobs again as are shown."""
        if self._desk.session.exists():
            page = await self._read("job.list", self._asked(None, _limit(len(self.jobs))))
            self.jobs, self.jobs_after, self.jobs_total = page.data, page.after, page.total or 0

    async def more_runs(self) -> None:
        """Read the next runs."""
        page = await self._read("run.list", {"limit": PAGE, "after": self.runs_after})
        self.runs, self.runs_after = (*self.runs, *page.data), page.after

    async def more_jobs(self) -> None:
        """Read the next jobs."""
        page = await self._read("job.list", self._asked(self.jobs_after, PAGE))
        self.jobs, self.jobs_after = (*self.jobs, *page.data), page.after

    async def about(self, value: object) -> About | None:
        """What is known of a row; `None` for no row, and for a run that is gone."""
        if isinstance(value, RunRow):
            return await self._facts(value.run)
        if isinstance(value, JobRow):
            found: JobDetail = (await self._read("job.show", {"job": value.job})).data
            return found
        return value if isinstance(value, Ordered) else None

    async def _facts(self, run: str) -> RunFacts | None:
        try:
            return RunFacts(
                (await self._read("run.show", {"run": run})).data,
                (await self._read("summary.list", {"run": run})).data,
                (await self._read("hierarchy.list", {"run": run})).data,
                (await self._read("eval.list", {"run": run})).data,
            )
        except ActionError as error:
            # It was deleted since the list was read.
            if error.code != "unknown_run":
                raise
            return None

    async def _read(self, action: str, params: dict[str, Any]) -> Any:
        return await self._desk.reading.dispatch(action, params)

    def _asked(self, after: str | None, limit: int) -> dict[str, Any]:
        params = {"status": self.status, "limit": limit, "after": after}
        return {name: value for name, value in params.items() if value is not None}


def _limit(shown: int) -> int:
    return min(max(PAGE, shown), MOST_AGAIN)
