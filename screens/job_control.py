"""The bar of the running job, and what happens at its end."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from core.errors import ActionError, Cancelled
from core.registry import REGISTRY
from core.session import Result
from core.text import one_line
from screens.jobs import JobEnded
from screens.steps import STEPS
from screens.widgets.bars import Bar
from screens.widgets.spans import Span, share_bar

if TYPE_CHECKING:
    from screens.explorer import Explorer

BAR = 20
"""Cells of the bar."""

QUIET_SECONDS = 0.4
"""An edit that is done within this time shows no bar: the panes would jump for nothing."""

ROOMY = 100
"""From so many columns on the bar has its full length."""


class JobControl:
    """Draws the job bar, and goes on with the next step when all steps were asked for."""

    def __init__(self, screen: Explorer) -> None:
        self.screen = screen
        self.jobs = screen.desk.jobs
        self._all = False
        self._last = ""

    def draw(self) -> None:
        """Show how far the running job is; nothing without one."""
        bar = self.screen.query_one("#job", Bar)
        running = self.jobs.running
        quick = running is not None and REGISTRY.get(running.action).effect == "write"
        late = self.jobs.elapsed()[0] >= QUIET_SECONDS
        bar.set_class(running is not None and (late or not quick), "-shown")
        if running is not None:
            bar.set_spans(self._spans(REGISTRY.get(running.action).title))

    def _spans(self, title: str) -> tuple[Span, ...]:
        latest = self.jobs.latest
        counts = ""
        spans: list[Span] = [(f" {title} ", "strong")]
        if latest is None:
            spans.append((f" starting\u2026 {duration(self.jobs.elapsed()[0])} ", "dim"))
        else:
            _, seconds = self.jobs.elapsed()
            if latest.stage:
                spans.append((f" {one_line(latest.stage, 24)} ", "text"))
            if latest.total > 0:
                share = latest.done / latest.total
                wide = self.screen.size.width >= ROOMY
                bar = share_bar(share, BAR if wide else BAR // 2)
                spans += [("\u2595" + bar + "\u258f", "bar"), (f"{share:4.0%}", "number")]
                counts = f" \u00b7 {latest.done:,} of {latest.total:,} {latest.unit}"
            elif latest.done:
                counts = f" \u00b7 {latest.done:,} {latest.unit}"
            spans += [(part, "dim") for part in _pace(latest.done, latest.total, seconds)]
        if self.jobs.waiting:
            spans.append((f" \u00b7 {self.jobs.waiting} waiting", "dim"))
        if self.jobs.stopping:
            spans.append(("  stopping after this batch\u2026", "warn"))
        else:
            spans += [("  esc", "key"), (" stops", "dim")]
        spans.append((counts, "dim"))
        return tuple(spans)

    def ended(self, event: JobEnded, quiet: bool = False) -> None:
        """Say how the job ended, unless somebody else does, and go on."""
        failed = event.error is not None
        self.jobs.ended(failed)
        if event.error is not None:
            self._all = False
            if quiet:
                pass
            elif isinstance(event.error, Cancelled) or getattr(event.error, "code", "") == "cancelled":
                self.screen.say("Stopped. What was finished is kept.", "warning")
            else:
                self.screen.explain(event.error)
        elif event.result is not None and not quiet:
            self.screen.say(told(event.result))
            from screens.dialogs import ErrorScreen

            if advice := getattr(event.result.data, "advice", None):
                self.screen.app.push_screen(ErrorScreen("Good to know", advice, "", "", look="text"))
        self.draw()
        if self._all and not failed:
            self.screen.background("steps", self._next)

    def all_steps(self) -> None:
        """Run what is still missing, one action after the other."""
        if self.jobs.running is not None:
            self.screen.say("A job is running; esc stops it.", "warning")
            return
        self._all, self._last = True, ""
        self.screen.background("steps", self._next)

    async def _next(self) -> None:
        try:
            line = (await self.screen.desk.reading.dispatch("data.status")).data.next_step
        except ActionError as error:
            if error.code != "store_missing":
                raise
            line = "data.load source=sample"
        action_id, params = self.screen.desk.parse_line(line)
        if action_id not in STEPS or action_id == self._last:
            self._all = False
            if not self._last:
                self.screen.say("Every step is done: the tree is there.")
            return
        self._last = action_id
        self.screen.order(action_id, params)


def _pace(done: int, total: int, seconds: float) -> list[str]:
    """Rate and time left, once they can be told."""
    if done <= 0 or seconds < 1.0:
        return []
    rate = done / seconds
    left = [f" \u00b7 {duration((total - done) / rate)} left"] if total > done else []
    return [*left, f" \u00b7 {rate:,.0f}/s" if rate >= 10 else f" \u00b7 {rate:.1f}/s"]


def duration(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def told(result: Result) -> str:
    """What a job made, in a line: its title and the counts of its answer."""
    title = REGISTRY.get(result.action).title
    data: Any = result.data
    if not dataclasses.is_dataclass(data) or isinstance(data, type):
        return f"{title}: done"
    counts = [
        f"{value:,} {field.name.replace('_', ' ')}"
        for field in dataclasses.fields(data)
        if isinstance(value := getattr(data, field.name), int)
        and not isinstance(value, bool)
        and field.name != "seed"
    ]
    path = getattr(data, "path", None)
    return f"{title}: {', '.join(counts) or 'done'}" + (f" \u2192 {path}" if isinstance(path, str) else "")
