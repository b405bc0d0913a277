"""How fast a job goes, and how long its stage still takes."""

from __future__ import annotations

from collections import deque

from core.control import Progress

WINDOW_SECONDS = 30.0
"""The rate is that of the last half a minute, so that it follows a job that slows down."""

SOONEST_SECONDS = 1.0
"""Before that nothing is said of a stage: the first batch says little."""

APART_SECONDS = 0.25
"""Reports that are closer together count as one."""


class Pace:
    """The rate of a job's stage.

    What was done when the stage began is not counted, for a job that goes on where it was stopped did that before.
    """

    def __init__(self) -> None:
        self._stage: str | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self._total = 0

    def came(self, progress: Progress, now: float) -> None:
        """Take note of a report.

        Args:
            progress: How far the job is.
            now: Seconds of a clock that never goes back.
        """
        if progress.stage != self._stage or (self._seen and progress.done < self._seen[-1][1]):
            self._stage = progress.stage
            self._seen.clear()
        self._total = progress.total
        if len(self._seen) > 1 and now - self._seen[-2][0] < APART_SECONDS:
            self._seen.pop()
        self._seen.append((now, progress.done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_SECONDS:
            self._seen.popleft()

    def told(self, now: float) -> tuple[float, float | None] | None:
        """Units a second, and seconds left (`None` where the total is not known); `None` as long as nothing can be told."""
        if not self._seen:
            return None
        (first_at, first), (last_at, last) = self._seen[0], self._seen[-1]
        if last <= first or now - first_at < SOONEST_SECONDS:
            return None
        # Since the last report time has passed, too; a job that hangs gets slower.
        rate = (last - first) / max(last_at - first_at, (now - first_at) / 2)
        left = self._total - last
        return rate, max(left / rate - (now - last_at), 0.0) if left > 0 else None
