"""A report as Markdown that also reads well as it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from core.report.content import COHERENCE, Entry, EvaluationPart, Fact, MapPart, Portion, Report, TrendPart
from core.report.escape import in_markdown
from core.report.hidden import plural

_WIDTH = 20
_ACROSS, _DOWN = 2, 4
"""Cells of the map in a letter, which is twice as high as wide."""
_TICKS = "▁▂▃▄▅▆▇█"


def as_markdown(report: Report) -> str:
    """The report as CommonMark with tables."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {in_markdown(report.title)}"
    yield ""
    yield from _table(report.facts)
    yield "## The tree"
    yield ""
    yield f"Bars and shares are of all queries. {COHERENCE} Run `{report.run}`."
    yield ""
    for entry in report.entries:
        yield from _theme(entry)
    if report.small:
        yield f"*{report.small}* are left out here."
        yield ""
    yield from _shares("## Languages", report.languages)
    yield from _shares("## Models", report.models)
    if report.map is not None:
        yield from _map(report.map)
    if report.trends is not None:
        yield from _trends(report.trends)
    yield "## In no theme"
    yield ""
    yield from _table(report.apart)
    if report.evaluation is not None:
        yield from _evaluation(report.evaluation)
    yield "## What was left out"
    yield ""
    for line in report.left_out:
        yield f"- {in_markdown(line)}"
    yield ""
    yield "## Method and provenance"
    yield ""
    for part in report.method:
        yield f"### {part.heading}"
        yield ""
        yield from _table(part.facts)


def _table(facts: Sequence[Fact]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for fact in facts:
        yield f"| {in_markdown(fact.name)} | {in_markdown(fact.value)} |"
    yield ""


def _bar(share: float) -> str:
    full = round(share * _WIDTH)
    return f"`{'█' * full}{'░' * (_WIDTH - full)}`"


def _figures(entry: Entry) -> str:
    found = [f"{plural(entry.size, 'query')} ({entry.share:.1%})"]
    if entry.coherence is not None:
        found.append(f"coherence {entry.coherence:.2f}")
    if entry.quality is not None:
        found.append(f"quality {entry.quality} of 5, by hand")
    return ", ".join(found)


def _theme(entry: Entry) -> Iterator[str]:
    """A node of the first level: a heading, and all below it as nested lists."""
    yield f"### {in_markdown(entry.title)}"
    yield ""
    yield f"{_bar(entry.share)} {_figures(entry)}"
    yield ""
    if entry.description:
        yield in_markdown(entry.description)
        yield ""
    inside = [*_about(entry, ""), *(line for child in entry.children for line in _item(child, ""))]
    yield from inside
    if inside:
        yield ""


def _item(entry: Entry, indent: str) -> Iterator[str]:
    yield f"{indent}- **{in_markdown(entry.title)}** {_bar(entry.share)} {_figures(entry)}"
    deeper = f"{indent}  "
    if entry.description:
        yield ""
        yield f"{deeper}{in_markdown(entry.description)}"
        yield ""
    yield from _about(entry, deeper)
    for child in entry.children:
        yield from _item(child, deeper)


def _about(entry: Entry, indent: str) -> Iterator[str]:
    for name, values in (("Languages", entry.languages), ("Models", entry.models)):
        if values:
            yield f"{indent}- {name}: {_listed(values)}"
    for example in entry.examples:
        yield f"{indent}- “{in_markdown(example)}”"
    if entry.small:
        yield f"{indent}- *{entry.small}* are left out here."
    if entry.deeper:
        yield f"{indent}- *{plural(entry.deeper, 'node')}* below are not shown."


def _listed(values: Sequence[Portion]) -> str:
    return ", ".join(f"{in_markdown(one.value)} {one.share:.0%}" for one in values)


def _shares(heading: str, values: Sequence[Portion]) -> Iterator[str]:
    if not values:
        return
    yield heading
    yield ""
    yield "| | queries | share | |"
    yield "|---|--:|--:|---|"
    for one in values:
        yield f"| {in_markdown(one.value)} | {one.queries:,} | {one.share:.1%} | {_bar(one.share)} |"
    yield ""


def _trends(part: TrendPart) -> Iterator[str]:
    yield "## Trends"
    yield ""
    yield f"All queries by {part.period}, {part.bars[0].period} to {part.bars[-1].period}: `{_line([b.queries for b in part.bars])}`"
    yield ""
    if not part.moves:
        yield "No cluster moves more than chance lets expect."
    for move in part.moves:
        yield f"- **{in_markdown(move.title)}** ({_word(move.direction)}) `{_line(move.counts)}` {in_markdown(move.says)}"
    yield ""
    yield in_markdown(part.note)
    yield ""


def _map(part: MapPart) -> Iterator[str]:
    """The map in letters, each for the region that leads a block of cells."""
    yield "## Map"
    yield ""
    yield in_markdown(part.note)
    yield ""
    blocks: dict[tuple[int, int], Counter[str]] = {}
    for column, row, region, density in part.cells:
        letter = part.regions[region].letter if region >= 0 else "o"
        blocks.setdefault((column // _ACROSS, row // _DOWN), Counter())[letter] += density
    for y in range(-(-part.rows // _DOWN)):
        line = [
            min(found, key=lambda letter: (-found[letter], letter)) if (found := blocks.get((x, y))) else "░"
            for x in range(-(-part.columns // _ACROSS))
        ]
        yield f"`{''.join(line)}`\\"
    yield f"{plural(len(part.regions), 'region')} with a letter, o: another, ░: none."
    yield ""
    for one in part.regions:
        yield f"- **{one.letter}** {in_markdown(one.title)} ({one.share:.1%})"
    yield ""


def _evaluation(part: EvaluationPart) -> Iterator[str]:
    yield "## Evaluation"
    yield ""
    yield in_markdown(f"{part.name}, {part.made}; intervals are of 95%.")
    yield ""
    yield "| | of | value | interval | n |"
    yield "|---|---|--:|---|--:|"
    for one in part.scores:
        yield f"| {in_markdown(one.measure)} | {in_markdown(one.scope)} | {one.value} | {one.interval} | {one.counted} |"
    yield ""


def _word(direction: str) -> str:
    return "no direction" if direction == "none" else direction


def _line(counts: Sequence[int]) -> str:
    most = max(counts, default=0) or 1
    return "".join(" " if not n else _TICKS[min(n * len(_TICKS) // (most + 1), 7)] for n in counts)
