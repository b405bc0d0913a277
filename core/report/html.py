"""A report as one HTML file: no script, no link out, every text of a stranger as text.

A content security policy in the file forbids what it does not need, should a browser ever find something to fetch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.report.content import (
    COHERENCE,
    Bar,
    Entry,
    EvaluationPart,
    Fact,
    MapPart,
    Portion,
    Report,
    TrendPart,
)
from core.report.escape import in_html
from core.report.hidden import plural
from core.report.style import STYLE

_OPEN = 12
"""Up to so many nodes of the first level are open when the file is opened."""
SMALL = ' class="small"'


def as_html(report: Report) -> str:
    """The report as an HTML document."""
    return "\n".join(_document(report)) + "\n"


def _document(report: Report) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{in_html(report.title)}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    yield f"<h1>{_text(report.title)}</h1>"
    yield f'<p class="soft">Run {_text(report.run)}</p>'
    yield from _cards(report.facts)
    yield "<h2>The tree</h2>"
    yield f'<p class="soft">Bars and shares are of all queries. {COHERENCE}</p>'
    for entry in report.entries:
        yield from _entry(entry, top=True, opened=len(report.entries) <= _OPEN)
    if report.small:
        yield _held(report.small)
    yield from _shares("Languages", report.languages)
    yield from _shares("Models", report.models)
    if report.map is not None:
        yield from _map(report.map)
    if report.trends is not None:
        yield from _trends(report.trends)
    yield "<h2>In no theme</h2>"
    yield from _table(report.apart)
    if report.evaluation is not None:
        yield from _evaluation(report.evaluation)
    yield "<h2>What was left out</h2>"
    yield "<ul>"
    for line in report.left_out:
        yield f"<li>{_text(line)}</li>"
    yield "</ul>"
    yield "<h2>Method and provenance</h2>"
    for part in report.method:
        yield f"<h3>{in_html(part.heading)}</h3>"
        yield from _table(part.facts)
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _text(text: str) -> str:
    """A text whose direction of writing ends with it."""
    return f"<bdi>{in_html(text)}</bdi>"


def _cards(facts: Sequence[Fact]) -> Iterator[str]:
    yield '<dl class="cards">'
    for fact in facts:
        yield f"<div><dt>{in_html(fact.name)}</dt><dd>{_text(fact.value)}</dd></div>"
    yield "</dl>"


def _table(facts: Sequence[Fact]) -> Iterator[str]:
    yield "<table>"
    for fact in facts:
        yield f'<tr><th scope="row">{in_html(fact.name)}</th><td>{_text(fact.value)}</td></tr>'
    yield "</table>"


def _bar(share: float) -> str:
    return f'<span class="bar"><i style="width:{share:.2%}"></i></span>'


def _held(says: str) -> str:
    return f'<p class="held">{in_html(says)} left out here</p>'


def _entry(entry: Entry, *, top: bool = False, opened: bool = False) -> Iterator[str]:
    name = ' class="top"' if top else ""
    figures = f"{entry.size:,} · {entry.share:.1%}"
    yield f"<details{name}{' open' if opened else ''}>"
    yield (
        f'<summary><span class="name">{_text(entry.title)}</span>{_bar(entry.share)}'
        f'<span class="figures">{figures}</span></summary>'
    )
    yield '<div class="body">'
    if entry.description:
        yield f"<p>{_text(entry.description)}</p>"
    notes = [f"coherence {entry.coherence:.2f}"] if entry.coherence is not None else []
    if entry.quality is not None:
        notes.append(f"quality {entry.quality} of 5, by hand")
    notes += [_listed(values) for values in (entry.languages, entry.models) if values]
    if notes:
        yield f'<p class="soft">{" · ".join(notes)}</p>'
    for example in entry.examples:
        yield f"<blockquote>{_text(example)}</blockquote>"
    yield "</div>"
    for child in entry.children:
        yield from _entry(child)
    if entry.small:
        yield _held(entry.small)
    if entry.deeper:
        yield f'<p class="held">{plural(entry.deeper, "node")} below not shown</p>'
    yield "</details>"


def _listed(values: Sequence[Portion]) -> str:
    return ", ".join(f"{_text(one.value)} {one.share:.0%}" for one in values)


def _shares(heading: str, values: Sequence[Portion]) -> Iterator[str]:
    if not values:
        return
    yield f"<h2>{heading}</h2>"
    yield "<table>"
    for one in values:
        yield (
            f'<tr><th scope="row">{_text(one.value)}</th><td class="number">{one.queries:,}</td>'
            f'<td class="number">{one.share:.1%}</td><td class="wide">{_bar(one.share)}</td></tr>'
        )
    yield "</table>"


def _trends(part: TrendPart) -> Iterator[str]:
    yield "<h2>Trends</h2>"
    span = f"{part.bars[0].period} to {part.bars[-1].period}"
    yield f'<p class="soft">All queries by {part.period}, {in_html(span)}; pale bars are covered only in part.</p>'
    yield _chart(part.bars, "", f"All queries by {part.period}, {span}")
    if not part.moves:
        yield "<p>No cluster moves more than chance lets expect.</p>"
    for move in part.moves:
        word = "" if move.direction == "none" else f' <span class="{move.direction}">{move.direction}</span>'
        bars = tuple(
            Bar(bar.period, count, bar.partial) for bar, count in zip(part.bars, move.counts, strict=True)
        )
        yield (
            f'<div class="move"><div><strong>{_text(move.title)}</strong>{word}<p class="soft">{_text(move.says)}</p></div>'
            f"{_chart(bars, SMALL, move.says)}</div>"
        )
    yield f'<p class="soft">{_text(part.note)}</p>'


def _map(part: MapPart) -> Iterator[str]:
    """The map as paths, one for each colour and density, with the regions' letters over them."""
    yield "<h2>Map</h2>"
    yield f'<p class="soft">{_text(part.note)}</p>'
    runs: dict[tuple[int, int], list[str]] = {}
    last: tuple[int, int, int, int] | None = None
    start = 0
    for cell in (*part.cells, None):
        if last is not None and (cell is None or cell[1:] != last[1:] or cell[0] != last[0] + 1):
            place = part.regions[last[2]].ink if last[2] >= 0 else -1
            runs.setdefault((place, last[3]), []).append(
                f"M{start} {last[1]}h{last[0] + 1 - start}v1H{start}z"
            )
            last = None
        if cell is not None:
            start = start if last is not None else cell[0]
            last = cell
    yield f'<svg class="map" viewBox="0 0 {part.columns} {part.rows}" role="img" aria-label="Map of the queries by theme">'
    for (place, density), paths in sorted(runs.items()):
        name = f"m{place}" if place >= 0 else "mx"
        yield f'<path class="{name} d{density}" d="{"".join(paths)}"/>'
    for region in part.regions:
        x, y = region.column + 0.5, region.row + 0.5
        yield f'<text x="{x}" y="{y}">{region.letter}<title>{in_html(region.title)}</title></text>'
    yield "</svg>"
    yield '<table class="legend">'
    for region in part.regions:
        swatch = f'<svg class="swatch" viewBox="0 0 1 1"><rect class="m{region.ink}" width="1" height="1"></rect></svg>'
        yield (
            f'<tr><th scope="row">{region.letter} {swatch}</th><td>{_text(region.title)}</td>'
            f'<td class="number">{region.share:.1%}</td></tr>'
        )
    yield "</table>"


def _evaluation(part: EvaluationPart) -> Iterator[str]:
    yield "<h2>Evaluation</h2>"
    yield f'<p class="soft">{in_html(part.name)}, {in_html(part.made)}; intervals are of 95%.</p>'
    yield "<table>"
    for one in part.scores:
        yield (
            f'<tr><th scope="row">{in_html(one.measure)}</th><td>{_text(one.scope)}</td><td class="number">{one.value}</td>'
            f'<td class="number">{one.interval}</td><td class="number">n = {one.counted}</td></tr>'
        )
    yield "</table>"


def _chart(bars: Sequence[Bar], name: str, label: str) -> str:
    """A bar for each period, as high as its queries, in a drawing of 100 units by 20."""
    most = max((bar.queries for bar in bars), default=0) or 1
    step = 100 / max(len(bars), 1)
    drawn = []
    for at, bar in enumerate(bars):
        height = 20 * bar.queries / most
        part = ' class="part"' if bar.partial else ""
        drawn.append(
            f'<rect{part} x="{at * step:.2f}" y="{20 - height:.2f}" width="{step * 0.85:.2f}" height="{height:.2f}">'
            f"<title>{in_html(bar.period)}: {bar.queries:,}</title></rect>"
        )
    return (
        f'<svg{name} viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{in_html(label)}">'
        f"{''.join(drawn)}</svg>"
    )
