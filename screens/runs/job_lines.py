"""Jobs in lines: the list of them, and everything that is known of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.jobs.rows import JobDetail, JobRow
from core.registry import REGISTRY
from core.text import one_line
from screens.explorer.job_bar import duration
from screens.jobs import Order
from screens.result_lines import plain
from screens.runs.run_lines import head, moment, money, told
from screens.widgets.spans import Line, Span, fit, share_bar, wrap

TITLE, BAR = 26, 12
"""Cells of a job's title, and of its bar."""

STATES: dict[str, tuple[str, str]] = {
    "running": ("\u25b6", "key"),
    "done": ("\u2713", "good"),
    "failed": ("\u2717", "bad"),
    "cancelled": ("\u25a0", "warn"),
    "lost": ("?", "warn"),
}
"""A sign and a look by status: told by shape, not by colour."""

MEANING = {
    "running": "It runs.",
    "done": "It is done.",
    "failed": "It failed. r starts it again, with the same parameters.",
    "cancelled": "It was stopped; what it had finished is kept. r goes on.",
    "lost": "Its process is gone, killed or cut off. r starts it again.",
}
"""What a status means, and what can be done."""


@dataclass(frozen=True)
class Ordered:
    """An order of this program that is not in the table of jobs: it waits, or it runs and is no job."""

    order: Order
    waits: bool


def ordered_line(ordered: Ordered) -> Line:
    """An order in a line."""
    action = REGISTRY.get(ordered.order.action)
    params = " ".join(f"{name}={plain(value)}" for name, value in ordered.order.params.items())
    sign = ("\u2026", "dim") if ordered.waits else STATES["running"]
    state = "waits" if ordered.waits else "running"
    return Line(
        ((f" {sign[0]} ", sign[1]), (fit(action.title, TITLE) + " ", "text"), (f"{state:<10}", sign[1]),
         (one_line(params, 200), "dim")), ordered,
    )  # fmt: skip


def job_line(row: JobRow) -> Line:
    """A job in a line: with its bar, rate and time left while it runs, else with what became of it."""
    sign, look = STATES.get(row.status, ("\u00b7", "dim"))
    spans: list[Span] = [
        (f" {sign} ", look),
        (fit(one_line(row.title, 80), TITLE) + " ", "strong" if row.status == "running" else "text"),
    ]
    if row.status == "running":
        if row.share is not None:
            spans += [
                ("\u2595" + share_bar(row.share, BAR) + "\u258f", "bar"),
                (f"{row.share:4.0%} ", "number"),
            ]
        spans += [(f"{one_line(row.stage, 20)} ", "text"), (pace(row), "dim")]
    else:
        spans += [(f"{row.status:<10}", look), (f"{moment(row.started_at)[5:]} ", "dim")]
        spans.append((one_line(row.message.removeprefix(f"{row.title}: "), 300), "dim"))
    return Line(tuple(spans), row)


def pace(row: JobRow) -> str:
    """Time left, rate and counts of the stage, as far as they are known."""
    words = [] if row.seconds_left is None else [f"{duration(row.seconds_left)} left"]
    if row.rate is not None:
        words.append(f"{row.rate:,.0f}/s" if row.rate >= 10 else f"{row.rate:.1f}/s")
    if row.total:
        words.append(f"{row.done:,} of {row.total:,} {row.unit}".rstrip())
    return " \u00b7 ".join(words)


def no_jobs_lines(width: int) -> list[Line]:
    """What stands where there is no job."""
    told = (
        "No job yet. Every long step that is started, from here, from a script or by another, shows up here."
    )
    return [Line(((f" {part}", "dim"),)) for part in wrap(told, width - 2)]


def ordered_lines(ordered: Ordered, width: int) -> list[Line]:
    """An order with its parameters."""
    action = REGISTRY.get(ordered.order.action)
    state = (
        "It waits for what was ordered before it. x takes it out of the queue."
        if ordered.waits
        else "It runs."
    )
    lines = [head(action.title), Line(((action.id, "dim"),)), Line()]
    lines += [Line(((part, "text"),)) for part in wrap(state, width)]
    return lines + _parameters(action.id, ordered.order.params, width)


def job_lines(job: JobDetail, width: int) -> list[Line]:
    """Status, progress, parameters, cost by model, error and log."""
    sign, look = STATES.get(job.status, ("\u00b7", "dim"))
    lines = [
        head(one_line(job.title, 200)),
        Line(((f"job {job.job} \u00b7 {one_line(job.action, 60)}", "dim"),)),
        Line(),
    ]
    lines.append(Line(((f"{sign} {job.status}", look),)))
    asked = (
        f"{one_line(job.stopped_by, 40)} asked it to stop; it does between two batches."
        if job.stopped_by
        else ""
    )
    says = asked if job.status == "running" and asked else MEANING.get(job.status, "")
    lines += [Line(((part, "text"),)) for part in wrap(says, width)]
    if job.status == "running" and job.total:
        lines += [Line(), Line((("\u2595" + share_bar(job.share or 0.0, max(width - 10, 10)) + "\u258f", "bar"),
                                (f"{job.share or 0.0:5.0%}", "number")))]  # fmt: skip
        lines += [Line(((part, "text"),)) for part in wrap(f"{one_line(job.stage, 60)}: {pace(job)}", width)]
    if job.message and job.status != "running":
        look = "bad" if job.status == "failed" else "text"
        lines += [Line(), *(Line(((part, look),)) for part in wrap(one_line(job.message, 2_000), width))]
    ended = f" \u2192 {moment(job.ended_at)[11:]}" if job.ended_at else ""
    lines += [Line(), *told("when", f"{moment(job.started_at)}{ended}", "", width)]
    lines += told("who", one_line(job.actor, 60), "", width)
    lines += told("process", f"{job.pid} on {one_line(job.host, 60)}", "", width)
    lines += _parameters(job.action, job.parameters, width)
    if job.models:
        lines += [Line(), head("Calls to models")]
        for model in job.models:
            tokens = f"{model.tokens_in:,} tokens sent, {model.tokens_out:,} received"
            lines += told(model.model, f"{model.calls:,} calls, {money(model.cost)}", tokens, width)
    lines += [Line(), head("Log")]
    lines += [Line(((part, "dim"),)) for entry in job.log for part in wrap(_entry(entry), width)]
    if not job.log:
        lines.append(Line((("Nothing yet.", "dim"),)))
    lines += [Line(), head("As a line of script")]
    return lines + [Line(((part, "dim"),)) for part in wrap(one_line(job.line, 4_000), width)]


def _entry(entry: str) -> str:
    """A line of the log with the time of day alone; a line of a traceback as it is."""
    stamped = entry[4:5] == "-" and entry[19:20] == "Z"
    return f"{entry[11:19]} {entry[21:]}" if stamped else entry


def _parameters(action_id: str, given: dict[str, Any], width: int) -> list[Line]:
    """What was given, then what stood at its default."""
    lines = [Line(), head("Parameters")]
    known = REGISTRY.load().get(action_id)
    for name, value in given.items():
        lines += told(name, one_line(plain(value), 2_000), "", width)
    rest = [] if known is None else [p for p in known.params.values() if p.name not in given]
    if rest:
        words = ", ".join(p.name if p.default in (None, "") else f"{p.name}={plain(p.default)}" for p in rest)
        lines += [Line(((part, "dim"),)) for part in wrap(f"At their defaults: {words}", width)]
    return lines
