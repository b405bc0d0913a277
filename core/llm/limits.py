"""When the next call may start, and how long to wait after one that failed.

Calls are spaced evenly rather than let off in bursts: providers refill their buckets continuously, and a limit of
60 a minute may be enforced as one a second. Times are seconds on any clock that only goes forward; nothing here reads one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass
class Limits:
    """What a provider allows, and when it was last used.

    Args:
        concurrency: Calls at the same time.
        rpm: Calls a minute; `None`: as many as come.
        tpm: Tokens a minute, those sent and those expected back; `None`: as many as come.
    """

    concurrency: int = 4
    rpm: int | None = None
    tpm: int | None = None
    _next_call: float = field(default=float("-inf"), init=False)
    _next_tokens: float = field(default=float("-inf"), init=False)
    _paused_until: float = field(default=float("-inf"), init=False)

    def wait(self, now: float, running: int) -> float:
        """Seconds until a call may start; infinite while as many run as may run at once."""
        if running >= self.concurrency:
            return float("inf")
        return max(0.0, self._next_call - now, self._next_tokens - now, self._paused_until - now)

    def take(self, now: float, tokens: int) -> None:
        """Count a call that starts now and is expected to use so many tokens."""
        if self.rpm is not None:
            self._next_call = max(now, self._next_call) + MINUTE / self.rpm
        if self.tpm is not None:
            self._next_tokens = max(now, self._next_tokens) + tokens * MINUTE / self.tpm

    def settle(self, expected: int, used: int) -> None:
        """Correct what `take` counted by what the call really used."""
        if self.tpm is not None:
            self._next_tokens += (used - expected) * MINUTE / self.tpm

    def pause(self, until: float) -> None:
        """Start no call before `until`: the provider asked for it, and means all of them."""
        self._paused_until = max(self._paused_until, until)


@dataclass(frozen=True)
class Backoff:
    """How often a call is tried and how long each time is waited, with jitter so that many do not come back at once.

    Args:
        tries: Times that a call is sent until it has failed for good.
        base: Seconds after the first failure; doubled after each.
        cap: At most so many seconds, unless the provider asked for more.
        random: Where the jitter comes from; seeded.
    """

    tries: int = 7
    base: float = 1.0
    cap: float = 60.0
    random: random.Random = field(default_factory=lambda: random.Random(0))

    def delay(self, failures: int, retry_after: float | None) -> float:
        """Seconds to wait after so many failures; never less than the provider asked for."""
        window = min(self.cap, self.base * 2.0 ** (failures - 1))
        jitter = self.random.uniform(0.5, 1.0) * window
        return jitter if retry_after is None else retry_after + 0.25 * jitter
