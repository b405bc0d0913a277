"""Trends as lines: what is sure of a cluster in a word, its series, how much it grew, how sure that is, its title."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import ActionError
from core.text import one_line
from core.trends.rows import Call, PeriodRow, TrendRow, Trends, WindowsCompared, WindowTrend
from core.trends.words import times
from screens.widgets.chart_scale import Column, Unit
from screens.widgets.spans import Line, Span, fit, share_bar, wrap
from screens.widgets.sparkline import sparkline
from screens.widgets.trouble import NOTHING_YET, trouble_lines

WORDS: dict[Call, Span] = {
    "spike": ("\u25b2 spike", "warn"),
    "rising": ("\u2191 grows", "good"),
    "vanished": ("\u00d7 gone", "bad"),
    "falling": ("\u2193 shrinks", "bad"),
    "new": ("+ new", "good"),
    "change": ("\u00b1 level", "other"),
    "none": ("\u00b7", "dim"),
}
"""A mark and a word for each call: neither needs a colour."""

HEADINGS: dict[Call, str] = {
    "spike": "Spikes: far above the periods around them",
    "rising": "Growing",
    "vanished": "Vanished",
    "falling": "Shrinking",
    "new": "New",
    "change": "Changed their level once",
    "none": "No sure trend",
}

WORD, RATIO, BOUNDS, SURE, COUNT = 9, 6, 13, 13, 7
"""Cells of the columns."""

SURE_FROM, HINT_FROM = 0.01, 0.1
"""The q-values up to which a trend is called sure, and a hint."""


LONE = {
    "no_times": "Trends need the time of each conversation. L loads a log: name the column that holds it in timestamp=; then embed"
    " and cluster what was loaded."
}
"""What to do where there is nothing to count, by the code of the error."""


def nothing_lines(trouble: ActionError | None, width: int) -> list[Line]:
    """What stands in the list while it is counted, or where it cannot be."""
    if trouble is None:
        return [Line((("  Counting \u2026", "dim"),))]
    return trouble_lines(trouble, width, LONE)


def note_lines(note: str, width: int) -> list[Line]:
    """What one should know of the figures, below the last of them."""
    return (
        [Line(), *(Line(((f" {part}", "dim"),)) for part in wrap(one_line(note, 600), width - 2))]
        if note
        else []
    )


def roomy(width: int) -> bool:
    """Whether there is room for a long series and the count."""
    return width >= 100


def spark_width(width: int) -> int:
    """Cells of the series."""
    return max(8, min(36, width - 100 + 24)) if roomy(width) else 8


def ratio_text(ratio: float | None, before: int, recent: int) -> str:
    """How many times its share it has now; words where there is nothing to divide by."""
    if ratio is None:
        return "from 0" if recent and not before else "-"
    return f"\u00d7{ratio:.2g}" if ratio < 99.5 else "\u00d7>99"


def bounds_text(low: float | None, high: float | None) -> str:
    """The 95% interval of the ratio."""
    if low is None and high is None:
        return ""
    least = times(low or 0)
    if high is None:
        return f"{least} or more"
    return f"{least} to {times(high) if high < 1000 else '>999'}"


def sure_span(q: float | None) -> Span:
    """How sure a trend is: a word, and the q-value behind it."""
    if q is None:
        return "not tested", "dim"
    value = "q<0.001" if q < 0.001 else f"q={q:.1g}"
    if q <= SURE_FROM:
        return f"sure {value}", "strong"
    return (f"hint {value}", "text") if q <= HINT_FROM else (f"chance {value}", "dim")


def head_spans(width: int, windows: bool = False, title: str = "cluster") -> tuple[Span, ...]:
    """The names of the columns; the rows are of what `title` says."""
    first = f"{'a':>{COUNT}} {'b':>{COUNT}}  " if windows else fit("series", spark_width(width)) + "  "
    count = "" if windows or not roomy(width) else f"{'queries':>{COUNT}}  "
    words = f"  {fit('', WORD)} {first}{count}{fit('times', RATIO)} {fit('95% interval', BOUNDS)} {fit('how sure', SURE)} {title}"
    return ((words, "dim"),)


def list_keys(other: str, trouble: ActionError | None) -> tuple[tuple[str, str], ...]:
    """The keys of the list that have something to work on; one shows the `other` ones, clusters or themes."""
    if trouble is not None and trouble.code in NOTHING_YET | LONE.keys():
        return ("L", "load a log"), ("esc", "back")
    return (
        ("enter", "open"), ("d w m", "period"), ("s", "order"), ("c", "two windows"), ("v", other), ("n", "numbers"),
        ("h l", "earlier, later"), ("esc", "back"),
    )  # fmt: skip


def trend_line(row: TrendRow, periods: Sequence[PeriodRow], width: int) -> Line:
    """A cluster."""
    peaks = {spike.period for spike in row.spikes}
    marked = [at for at, period in enumerate(periods) if period.period in peaks]
    cells = spark_width(width)
    spark = sparkline(row.counts, cells, marked)
    used = sum(len(text) for text, _ in spark)
    count: Span = (f"{row.queries:>{COUNT},}  " if roomy(width) else "", "number")
    return Line(
        (
            _word(row.call),
            *spark,
            (" " * (cells - used + 2), "text"),
            count,
            *_figures(row),
            (one_line(row.title, 160), "text" if row.topic else "dim"),
        ),
        row,
    )


def _figures(row: TrendRow) -> tuple[Span, ...]:
    """How much and how sure: of what the row is called by, so a spike's own ratio and period where it is a spike."""
    if row.call == "spike":
        spike = min(row.spikes, key=lambda one: (one.q, -one.ratio))
        return _cells(ratio_text(spike.ratio, 1, 1), f"in {spike.period}", sure_span(spike.q))
    if row.call == "change" and row.change is not None:
        before, after = row.change.share_before, row.change.share_after
        ratio = ratio_text(after / before if before else None, 0, 1)
        return _cells(ratio, f"at {row.change.period}", sure_span(row.change.q))
    return _growth(row.ratio, row.before, row.recent, row.low, row.high, row.q)


def window_line(row: WindowTrend) -> Line:
    """A cluster in two windows."""
    call: Call = "none"
    if row.direction == "rising":
        call = "new" if row.new else "rising"
    elif row.direction == "falling":
        call = "vanished" if row.vanished else "falling"
    return Line(
        (
            _word(call),
            (f"{row.in_a:>{COUNT},} {row.in_b:>{COUNT},}  ", "number"),
            *_growth(row.ratio, row.in_a, row.in_b, row.low, row.high, row.q),
            (one_line(row.title, 160), "text" if row.topic else "dim"),
        ),
        row,
    )


def _word(call: Call) -> Span:
    text, look = WORDS[call]
    return f" {fit(text, WORD)} ", look


def _growth(
    ratio: float | None, before: int, recent: int, low: float | None, high: float | None, q: float | None
) -> tuple[Span, ...]:
    return _cells(ratio_text(ratio, before, recent), bounds_text(low, high), sure_span(q))


def _cells(ratio: str, where: str, sure: Span) -> tuple[Span, ...]:
    return (
        (fit(ratio, RATIO) + " ", "number"),
        (fit(where, BOUNDS) + " ", "dim"),
        (fit(sure[0], SURE) + " ", sure[1]),
    )


def trend_lines(
    rows: Sequence[TrendRow], periods: Sequence[PeriodRow], width: int, calls: bool
) -> list[Line]:
    """The list, under headings where it is in the order of calls."""
    lines: list[Line] = []
    before: Call | None = None
    for row in rows:
        if calls and row.call != before:
            lines.append(Line(((f" {HEADINGS[row.call]}", "heading"),)))
            before = row.call
        lines.append(trend_line(row, periods, width))
    return lines


def count_spans(found: Trends) -> tuple[Span, ...]:
    """How many there are of each kind in all rows."""
    spans: list[Span] = []
    for count, word in (
        (found.spiking, "spiking"), (found.rising, "rising"), (found.falling, "falling"), (found.changed, "at another level"),
    ):  # fmt: skip
        spans += [(f" {count:,}", "number" if count else "dim"), (f" {word} \u00b7", "dim")]
    return (*spans, (f" {found.total:,} in all", "dim"))


def window_spans(found: WindowsCompared) -> tuple[Span, ...]:
    """The two windows, and how many queries each has."""
    return (
        (" a ", "key"), (f"{found.a.window} ({found.a.queries:,})  ", "text"),
        (" b ", "key"), (f"{found.b.window} ({found.b.queries:,} queries)", "text"),
    )  # fmt: skip


def columns(row: TrendRow, periods: Sequence[PeriodRow], unit: Unit) -> tuple[Column, ...]:
    """The series of a cluster for the chart: shares with their intervals, or counts."""
    peaks = {spike.period for spike in row.spikes}
    shares = unit == "share"
    known = shares and len(row.lows) == len(periods)
    return tuple(
        Column(
            label=period.start if len(period.period) != 7 else period.period,
            value=row.shares[at] if shares else float(row.counts[at]),
            low=row.lows[at] if known else None,
            high=row.highs[at] if known else None,
            peak=period.period in peaks,
            window=period.window,
        )
        for at, period in enumerate(periods)
    )


def wanted(row: TrendRow, periods: Sequence[PeriodRow]) -> int:
    """The period that the chart must show: the greatest spike, else the change of level, else the end."""
    places = {period.period: at for at, period in enumerate(periods)}
    if row.spikes:
        return places.get(max(row.spikes, key=lambda spike: spike.ratio).period, len(periods))
    return places.get(row.change.period, len(periods)) if row.change is not None else len(periods)


def window_detail(row: WindowTrend, found: WindowsCompared, width: int) -> list[Line]:
    """The shares of a cluster in both windows as bars on one scale."""
    top = max(row.share_a, row.share_b) or 1.0
    bar = max(8, min(60, width - 60))
    lines = []
    for name, window, share, count in (
        ("a", found.a.window, row.share_a, row.in_a),
        ("b", found.b.window, row.share_b, row.in_b),
    ):
        lines.append(
            Line(
                (
                    (f" {name} ", "key"),
                    (fit(window, 22) + " ", "text"),
                    (share_bar(share / top, bar), "bar"),
                    (f" {100 * share:.3g}% ", "number"),
                    (f"{count:,} queries", "dim"),
                )
            )
        )
    return lines
