"""The lines around the map: what it is of, what is under the cursor, what is in sight, and what to do where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.map.rows import MapCluster, MapShown, MapTheme
from core.text import one_line
from core.view import View
from screens.widgets.map_canvas import MARK, By, ink
from screens.widgets.spans import Line, Span, percent, wrap


def title_spans(
    shown: MapShown | None, view: View, by: By, params: Mapping[str, Any], width: int
) -> list[Span]:
    """The run, how much of its map is in sight, and what is lit up."""
    spans: list[Span] = [(" Map ", "tab"), ("  ", "text")]
    if shown is None:
        return [*spans, (one_line(view.run or "no run yet", 60), "strong")]
    if shown.lit is not None:
        asked = next(
            (f"{params[name]}" for name in ("text", "node", "cluster") if params.get(name) is not None), ""
        )
        spans += [
            ("\u25cf ", "key"), (f"{shown.lit:,}", "number"), (" lit up: ", "dim"), (one_line(asked, 40), "hit"), ("   ", "text")
        ]  # fmt: skip
    if shown.whole:
        spans += [(f"{shown.total:,}", "number"), (" queries", "dim")]
    else:
        spans += [(f"{shown.queries:,}", "number"), (f" of {shown.total:,} in sight", "dim")]
    spans.append((f" \u00b7 {'UMAP' if shown.method == 'umap' else 'PCA'} \u00b7 by {by}", "dim"))
    if width >= 100:
        spans.append((f"   {one_line(shown.run, 40)}", "dim"))
    return spans


def here_spans(
    shown: MapShown | None, by: By, cluster: MapCluster | None, theme: MapTheme | None, queries: int
) -> list[Span]:
    """What is under the cursor: the cluster in its theme, or the theme with its cluster."""
    if shown is None:
        return []
    if not queries:
        return [(" No query here: ", "dim"), ("tab", "key"), (" goes to the nearest cluster", "dim")]
    first, second = (theme, cluster) if by == "themes" and theme is not None else (cluster, theme)
    if first is None:
        return [
            (f" {queries:,}", "number"),
            (" queries of clusters too small to be told of: + goes nearer", "dim"),
        ]
    spans: list[Span] = [
        (f" {MARK} ", ink(first.ink)),
        (f"{first.size:,}", "number"),
        (f" {percent(first.size / max(shown.total + shown.unplaced, 1))} ", "dim"),
        (one_line(first.title, 200), "strong"),
    ]
    # The cluster with the most queries here may be one of another theme.
    told = theme is None or cluster is None or (theme.kind == "theme" and cluster.theme == theme.node)
    if second is not None and told:
        word = "in" if second is theme else "here mostly"
        spans.append((f"  {word} {one_line(second.title, 80)}", "other"))
    return [*spans, (f"  \u00b7 {queries:,} here", "dim")]


def list_lines(shown: MapShown, by: By, width: int) -> list[Line]:
    """What is in sight, by its queries there; where some are lit, by those."""
    named: tuple[MapCluster, ...] | tuple[MapTheme, ...] = shown.themes if by == "themes" else shown.clusters
    lit = shown.lit is not None
    return [
        Line(
            (
                (f"{MARK} ", ink(one.ink)),
                (f"{one.lit if lit else one.in_sight:>7,} ", "number"),
                (one_line(one.title, max(width, 20)), "text"),
            ),
            one,
        )
        for one in named
        if one.lit or not lit
    ]


def empty_lines(width: int) -> list[Line]:
    """What stands where no map was built yet."""
    told = [
        (
            "There is no map of this run yet.",
            "strong",
        ),
        (
            "A map lays all queries of the run out in two dimensions, so that you see which clusters lie together, which"
            " are big, and which spread. It is computed once and kept; you can pan, zoom and search in it.",
            "text",
        ),
    ]
    lines = [Line()]
    for text, look in told:
        lines += [Line(((f"  {part}", look),)) for part in wrap(text, width - 4)]
        lines.append(Line())
    for key, name, text in (
        ("enter", "PCA", "seconds: the axes on which the clusters lie furthest apart"),
        ("u", "UMAP", "a minute or two: keeps close what is alike"),
        ("r", "other", "asks for method, sample and seed"),
    ):
        parts = wrap(text, width - 20)
        lines += [
            Line(
                (
                    (f"  {key if n == 0 else '':<7}", "key"),
                    (f"{name if n == 0 else '':<7}", "strong"),
                    (part, "text"),
                )
            )
            for n, part in enumerate(parts)
        ]
    return lines
