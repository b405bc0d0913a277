"""The bar of the running job, and what happens at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ActionError, Cancelled
from core.jobs.told import told
from core.registry import REGISTRY
from core.text import one_line
from screens.base import ActionScreen
from screens.explorer.steps import STEPS
from screens.jobs import JobEnded
from screens.widgets.bars import Bar
from screens.widgets.spans import Span, share_bar

if TYPE_CHECKING:
    from screens.explorer.screen import Explorer

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
        late = self.jobs.elapsed() >= QUIET_SECONDS
        bar.set_class(running is not None and (late or not quick), "-shown")
        if running is not None:
            bar.set_spans(self._spans(REGISTRY.get(running.action).title))

    def _spans(self, title: str) -> tuple[Span, ...]:
        latest = self.jobs.latest
        counts = ""
        spans: list[Span] = [(f" {title} ", "strong")]
        if latest is None:
            spans.append((f" starting\u2026 {duration(self.jobs.elapsed())} ", "dim"))
        else:
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
            spans += [(part, "dim") for part in pace_words(self.jobs.pace())]
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
        step = REGISTRY.get(event.order.action).effect != "write"
        self.jobs.ended(event.order, failed)
        if event.error is not None:
            # An edit beside the steps is none of them.
            self._all = self._all and not step
            if quiet:
                pass
            elif isinstance(event.error, Cancelled) or getattr(event.error, "code", "") == "cancelled":
                self.screen.say("Stopped. What was finished is kept.", "warning")
            else:
                self.screen.explain(event.error)
        elif event.result is not None and not quiet:
            self.screen.say(told(REGISTRY.get(event.result.action).title, event.result.data))
            from screens.dialogs import ErrorScreen

            if advice := getattr(event.result.data, "advice", None):
                self.screen.app.push_screen(ErrorScreen("Good to know", advice, "", "", look="text"))
        self.draw()
        for screen in self.screen.app.screen_stack:
            if isinstance(screen, ActionScreen) and screen is not self.screen:
                screen.jobs_changed()
        if self._all and step and not failed:
            self.screen.background("steps", self._next, keys_wait=True)

    def all_steps(self) -> None:
        """Run what is still missing, one action after the other."""
        if self.jobs.running is not None:
            self.screen.say("A job is running; esc stops it.", "warning")
            return
        self._all, self._last = True, ""
        self.screen.background("steps", self._next, keys_wait=True)

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


def pace_words(pace: tuple[float, float | None] | None) -> list[str]:
    """Time left and rate, once they can be told."""
    if pace is None:
        return []
    rate, left = pace
    words = [] if left is None else [f" \u00b7 {duration(left)} left"]
    return [*words, f" \u00b7 {rate:,.0f}/s" if rate >= 10 else f" \u00b7 {rate:.1f}/s"]


def duration(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
