"""A comparison as lines: how far both sides agree, what became of each cluster, and where its queries went."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from core.compare.rows import Agreement, Cell, Compared, Kind, Part, Piece, Side
from core.errors import ActionError
from core.text import one_line
from screens.widgets.spans import Line, Span, fit, percent, share_bar, wrap
from screens.widgets.trouble import trouble_lines

KINDS: dict[Kind, tuple[str, str, str]] = {
    "same": ("=", "good", "is the same: at least nine tenths of both are in both"),
    "grown": ("+", "text", "is larger now"),
    "shrunk": ("-", "text", "is smaller now"),
    "changed": ("~", "other", "is as large as before, with other queries"),
    "split": ("<", "other", "was split"),
    "merged": (">", "other", "were merged"),
    "regrouped": ("x", "warn", "were grouped anew"),
    "new": ("*", "good", "is new: gathered from several"),
    "gone": ("\u00d7", "bad", "is gone: scattered over several"),
}
"""A mark, a look and a sentence for each kind of piece."""

LONE = {
    "one_run": "K clusters by k-means (take another k), H by density: the form asks for what they need. When it is done, the"
    " two are compared here.",
    "one_tree": "B builds another tree of this run: take another width. Or press v to compare runs.",
    "no_hierarchy": "B in the first screen builds the tree, after N has named the clusters. Or press v to compare runs.",
}
"""What to do where there is nothing to compare, by the code of the error."""

KIND, SIZES, MOVED = 10, 14, 7
"""Cells of the columns."""


def nothing_lines(trouble: ActionError | None, width: int) -> list[Line]:
    """What stands in the list while both are compared, or where they cannot be."""
    if trouble is None:
        return [Line((("  Comparing \u2026", "dim"),))]
    return trouble_lines(trouble, width, LONE)


def side_spans(found: Compared, width: int, noun: str = "cluster") -> tuple[Span, ...]:
    """Which two are compared, with their labels where there is room; of what they are made is a `noun`."""
    a, b = (_side(side, width >= 120, noun) for side in (found.a, found.b))
    return (("  a ", "key"), *a, ("  \u2192  b ", "key"), *b)


def _side(side: Side, labelled: bool, noun: str) -> tuple[Span, ...]:
    label = f" {one_line(side.label, 30)} \u00b7" if labelled and side.label not in ("", side.name) else ""
    many = noun if side.clusters == 1 else f"{noun}s"
    return ((one_line(side.name, 40), "strong"), (f"{label} {side.clusters:,} {many}", "dim"))


def score_spans(found: Compared, width: int) -> tuple[Span, ...]:
    """ARI, AMI and NMI; where there is noise and room, without it too."""
    everything, clustered = found.agreement
    spans: list[Span] = [*_scores(everything)]
    if clustered.queries != everything.queries and width >= 100:
        spans += [("   without noise ", "dim"), *_scores(clustered)]
    return (*spans, ("   1: the same, 0: as by chance", "dim"))


def _scores(row: Agreement) -> tuple[Span, ...]:
    spans: list[Span] = []
    for name, value in (("ARI", row.ari), ("AMI", row.ami), ("NMI", row.nmi)):
        spans += [(f" {name} ", "dim"), ("-" if value is None else f"{value:.2f}", "strong"), (" ", "text")]
    return tuple(spans)


def mass_spans(found: Compared) -> tuple[Span, ...]:
    """How many queries moved, of how many."""
    spans: list[Span] = [
        (" moved ", "dim"),
        (f"{found.moved:,}", "number"),
        (f" of {found.shared:,} queries ", "dim"),
        (share_bar(found.moved_share, 12), "bar"),
        (f" {percent(found.moved_share)}", "number"),
    ]
    if found.to_noise or found.from_noise:
        spans.append((f"   {found.to_noise:,} into the noise, {found.from_noise:,} out of it", "dim"))
    for name, side in (("a", found.a), ("b", found.b)):
        if side.only_here:
            spans.append((f"   {side.only_here:,} in {name} alone", "warn"))
    return tuple(spans)


def kind_spans(found: Compared, chosen: Kind | None) -> tuple[Span, ...]:
    """How many pieces there are of each kind; the one that is listed in brackets."""
    total = sum(row.pieces for row in found.kinds)
    spans: list[Span] = [_chip(f"all {total:,}", chosen is None)]
    spans += [_chip(f"{row.kind} {row.pieces:,}", row.kind == chosen) for row in found.kinds if row.pieces]
    return tuple(spans)


def _chip(words: str, chosen: bool) -> Span:
    return (f"[{words}]", "strong") if chosen else (f" {words} ", "dim")


def _bar(width: int) -> int:
    """Cells of the bar."""
    return 10 if width >= 100 else 5


def head_spans(width: int) -> tuple[Span, ...]:
    """The names of the columns."""
    bar = fit("in both", _bar(width) + 6)
    return ((f" {fit('', KIND)}{'a':>6} {'b':>6} {bar} {'moved':>{MOVED}}  title in a \u2192 in b", "dim"),)


def piece_line(piece: Piece, width: int) -> Line:
    """What became of some clusters, in a line."""
    _, look, _ = KINDS[piece.kind]
    of_a, of_b = (f"{_size(parts):,}" if parts else "-" for parts in (piece.a, piece.b))
    bar = _bar(width)
    room = max(width - KIND - SIZES - bar - MOVED - 9, 10)
    return Line(
        (
            (fit(piece.kind, KIND), look),
            (f"{of_a:>6} {of_b:>6} ", "number"),
            (share_bar(piece.jaccard, bar), "bar"),
            (f" {percent(piece.jaccard)}  ", "dim"),
            (f"{piece.moved:>{MOVED},}  ", "number" if piece.moved else "dim"),
            *names(piece, room),
        ),
        piece,
    )


def names(piece: Piece, room: int) -> tuple[Span, ...]:
    """The titles on both sides; once where they are one, and sharing the room where both are too long."""
    a, b = (_titles(parts) for parts in (piece.a, piece.b))
    if piece.kind == "gone" and piece.near is not None:
        b = f"most in {one_line(piece.near.title, 120)}"
    if piece.kind == "new" and piece.near is not None:
        a = f"most from {one_line(piece.near.title, 120)}"
    if a == b:
        return ((a, "text"),)
    looks = ("dim" if piece.kind == "new" else "text", "dim" if piece.kind == "gone" else "text")
    used = room - 3
    wide_a, wide_b = cell_len(a), cell_len(b)
    if wide_a + wide_b > used:
        half = used // 2
        wide_a = used - wide_b if wide_b < half else wide_a if wide_a < half else used - half
        a = fit(a, max(wide_a, 1))
    return ((a, looks[0]), (" \u2192 ", "key"), (b, looks[1]))


def _titles(parts: Sequence[Part]) -> str:
    return " + ".join(one_line(part.title, 120) for part in parts[:4]) + (
        " + \u2026" if len(parts) > 4 else ""
    )


def _size(parts: Sequence[Part]) -> int:
    return sum(part.size for part in parts)


def detail_lines(piece: Piece, width: int, noun: str = "cluster") -> list[Line]:
    """One piece: what became of it in a sentence, its clusters on both sides, and where their queries lie."""
    mark, look, told = KINDS[piece.kind]
    if len(piece.flows) == 1:
        told = {"gone": "is gone: all of it is elsewhere", "new": "is new: all of it from one place"}.get(
            piece.kind, told
        )
    count = len(piece.a or piece.b)
    many = f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
    into = f" into {len(piece.b):,}" if piece.kind in ("split", "merged", "regrouped") else ""
    words = f"{many} {told}{into}. {piece.stayed:,} queries stayed, {piece.moved_out:,} left, {piece.moved_in:,} came."
    lines = [
        Line(((f"{mark} " if n == 0 else "  ", look), (part, "text")))
        for n, part in enumerate(wrap(words, width - 2))
    ]
    for name, parts in (("a", piece.a), ("b", piece.b)):
        lines += [
            Line(((f" {name} ", "key"), (f"{part.size:>7,} ", "number"), (one_line(part.title, 160), "text")))
            for part in parts
        ]
    if piece.flows:
        lines.append(Line((("Where they are: enter shows these queries", "heading"),)))
    inside_a, inside_b = ({part.id for part in parts} for parts in (piece.a, piece.b))
    return lines + [flow_line(cell, inside_a, inside_b, width) for cell in piece.flows]


def flow_line(cell: Cell, inside_a: set[str], inside_b: set[str], width: int) -> Line:
    """Queries of one cluster of a that are in one of b."""
    here = (cell.a.id in inside_a, cell.b.id in inside_b)
    word, look = {(True, True): ("stay", "good"), (True, False): ("left", "warn")}.get(
        here, ("came", "other")
    )
    share = cell.share_of_b if word == "came" else cell.share_of_a
    room = max(width - 30, 12)
    a, b = one_line(cell.a.title, 160), one_line(cell.b.title, 160)
    shown: tuple[Span, ...] = ((a, "text"), (" \u2192 ", "key"), (b, "text"))
    if a == b:
        shown = ((a, "text"),)
    elif cell_len(a) + cell_len(b) + 3 > room:
        half = max((room - 3) // 2, 4)
        shown = ((fit(a, min(half, cell_len(a))), "text"), (" \u2192 ", "key"), (b, "text"))
    return Line(
        (
            (f"{word} ", look),
            (f"{cell.queries:>7,} ", "number"),
            (share_bar(share, 8), "bar"),
            (f" {percent(share)}  ", "dim"),
            *shown,
        ),
        cell,
    )
