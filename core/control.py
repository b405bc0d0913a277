"""How a long job tells its caller where it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """One report of a job: `done` of `total` units (`total` 0: not known)."""

    stage: str
    done: int
    total: int
    unit: str = ""


class Control:
    """Handed to every long engine function; the default one reports nowhere and never stops.

    Args:
        report: Called with each `Progress`, from the job's own thread.
        cancelled: Asked between batches; true makes `check` raise.
    """

    def __init__(
        self,
        report: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._report = report
        self._cancelled = cancelled

    def progress(self, stage: str, done: int, total: int = 0, unit: str = "") -> None:
        """Report `done` of `total`; also a point at which the job can be stopped."""
        self.check()
        if self._report is not None:
            self._report(Progress(stage, done, total, unit))

    def check(self) -> None:
        """Raise `Cancelled` when the user asked the job to stop."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled()
