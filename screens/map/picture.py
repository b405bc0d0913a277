"""The picture of the map: what was read of it, drawn with what is under the cursor, and how far a build of it is."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from core.errors import ActionError
from core.map.rows import MapCluster, MapShown, MapTheme
from core.registry import REGISTRY
from core.text import one_line
from screens.base import ActionScreen, Desk
from screens.explorer.job_bar import duration
from screens.jobs import Order
from screens.map.lines import empty_lines, here_spans, list_lines, title_spans
from screens.places import keys_spans
from screens.widgets.bars import Bar
from screens.widgets.map_canvas import By, Frame, InkBar, InkList, MapCanvas, Marks
from screens.widgets.row_list import RowList
from screens.widgets.spans import share_bar
from screens.widgets.trouble import trouble_lines

WIDE = 100
"""From so many columns on the clusters in sight are listed beside the map."""

TICK_SECONDS = 0.25
"""How often the progress of a build is drawn."""

MOST = 1_000
"""Clusters in sight that are told of."""

LOOSE = 1_000
"""Up to so many queries a dot of braille is lost on the screen: they are drawn in half blocks at first."""

BUILD = REGISTRY.get("map.build")


class MapPicture(ActionScreen):
    """What `map.show` answers, and a cursor on it.

    Args:
        desk: What the screens share.
        params: Of `map.show`; those that are not given are the screen's own.
    """

    AUTO_FOCUS = "#map-canvas"

    def __init__(self, desk: Desk, params: dict[str, Any]) -> None:
        super().__init__(desk)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.canvas = MapCanvas(id="map-canvas")
        """The map itself."""
        self.rows = InkList(id="map-list")
        """What is in sight of it, by size."""
        self.rows.can_focus = False
        self._params = {
            name: value for name, value in params.items() if name in ("run", "text", "cluster", "node")
        }
        self._place = tuple(params.get(name) for name in ("x", "y", "width"))
        self._shown: MapShown | None = None
        self._frame: Frame | None = None
        """Where the screen is; `None`: all of the map."""
        self._widest = 0.02
        """A cell of the whole map, as it was shown last."""
        self._by: By = "clusters"
        self._marks: Marks = "braille"
        self._chosen = False
        """Whether the person chose the marks."""
        self._point: tuple[float, float] | None = None
        """Where on the map the cursor is; `None`: on the biggest cluster, for it was not moved yet."""
        self._visited: list[int] = []
        self._trouble: ActionError | None = None
        self._building = False

    def compose(self) -> ComposeResult:
        """What it is of, the map with what is in sight, what is under the cursor, the keys."""
        yield Bar(id="map-title")
        yield RowList(id="map-empty")
        with Horizontal(id="map-body"):
            yield self.canvas
            yield self.rows
        yield Bar(id="map-note")
        yield InkBar(id="map-here")
        yield Input(placeholder="light up the queries that match", id="map-search", compact=True)
        yield Bar(id="map-keys")

    def on_mount(self) -> None:
        """Read what is in sight, once there is a place for it."""
        self.query_one("#map-title", Bar).set_spans(((" Map ", "tab"), ("  reading\u2026", "dim")))
        self.set_interval(TICK_SECONDS, self._tick)
        self._tick()

    def store_changed(self) -> None:
        """Somebody edited: other clusters, other names."""
        self._reload()

    @on(MapCanvas.Resized)
    @on(RowList.WidthChanged)
    def _resized(self) -> None:
        self._draw_keys()
        self._reload()

    # Reading.

    def _reload(self) -> None:
        self.background("map", self._show, keys_wait=self._shown is None)

    def _asked(self) -> dict[str, Any]:
        width, height = self.canvas.size
        blocks = self._marks == "blocks"
        asked: dict[str, Any] = {
            **self._params, "columns": width, "rows": height * 2 if blocks else height, "limit": MOST,
            "aspect": 1.0 if blocks else 2.0,
        }  # fmt: skip
        frame = self._frame
        if frame is not None:
            asked["width"] = frame.cell * width
            asked["x"], asked["y"] = frame.left + frame.cell * width / 2, frame.top - frame.cell * height
        elif self._place != (None, None, None):
            asked |= dict(zip(("x", "y", "width"), self._place, strict=True))
        return asked

    async def _show(self) -> None:
        if not self.canvas.size.width or not self.canvas.size.height:
            return
        try:
            shown: MapShown = (await self.desk.searching.dispatch("map.show", self._asked())).data
        except ActionError as error:
            if self._shown is not None and error.code not in ("no_map", "no_run", "unknown_run"):
                # The search was wrong, not the map.
                self._params.pop("text", None)
                self.complain(error)
                return
            self._trouble, self._shown = error, None
        else:
            self._trouble, self._shown = None, shown
            if self._place != (None, None, None):
                self._place = (None, None, None)
                self._frame = self._frame_of(shown)
            if self._frame is None:
                self._widest = self._frame_of(shown).cell
            if not self._chosen and self._marks == "braille" and shown.total < LOOSE:
                self._marks = "blocks"
                await self._show()
                return
        self._draw()

    def _frame_of(self, shown: MapShown) -> Frame:
        return Frame(shown.left, shown.top, (shown.right - shown.left) / max(shown.columns, 1))

    @property
    def frame(self) -> Frame | None:
        """Where the screen is now."""
        return self._frame or (self._frame_of(self._shown) if self._shown is not None else None)

    # Drawing.

    def _draw(self) -> None:
        shown = self._shown
        self.set_class(shown is None, "-empty")
        self.canvas.show(shown, self._by, self._marks)
        empty = self.query_one("#map-empty", RowList)
        empty.set_lines(())
        if shown is None:
            error, width = self._trouble, self.size.width - 4
            if error is not None:
                missing = error.code == "no_map"
                empty.set_lines(empty_lines(width) if missing else trouble_lines(error, width))
        elif self._point is not None:
            self.canvas.put_cursor(*self._frame_of(shown).cell_of(*self._point))
        else:
            first = next(iter(shown.clusters), None)
            self.canvas.put_cursor(
                *(self._cell(first) if first else (shown.columns // 2, self.canvas.size.height // 2))
            )
        lines = list_lines(shown, self._by, self.rows.inner_width) if shown is not None else []
        self.rows.set_lines(lines)
        self._draw_here()
        self._draw_keys()
        self.query_one("#map-title", Bar).set_spans(
            title_spans(shown, self.session.view, self._by, self._params, self.size.width)
        )

    def _draw_here(self) -> None:
        shown = self._shown
        cluster, theme, queries = self._under()
        self.query_one("#map-here", Bar).set_spans(here_spans(shown, self._by, cluster, theme, queries))
        wanted = theme if self._by == "themes" else cluster
        if wanted is None or not self.rows.select(lambda value: value == wanted):
            # Nothing of the list is under the cursor.
            self.rows.cursor = -1
            self.rows.refresh()
        if not self._building:
            note = self.query_one("#map-note", Bar)
            note.set_class(bool(shown and shown.note), "-shown")
            note.set_spans(((f" {one_line(shown.note, 300)}", "warn"),) if shown and shown.note else ())

    def _draw_keys(self) -> None:
        keys: tuple[tuple[str, str], ...]
        typing = self.has_class("-searching")
        if typing:
            keys = (("enter", "light up what matches"), ("esc", "leave"))
        elif self._shown is None:
            missing = self._trouble is None or self._trouble.code == "no_map"
            build = (("enter", "build"), ("u", "by UMAP"), ("r", "ask for all")) if missing else ()
            running = self.desk.jobs.running is not None
            keys = (*((("ctrl+c", "stop"),) if running else build), ("esc", "back"))
        else:
            keys = (
                ("enter", "open"), ("arrows", "move"), ("+ -", "zoom"), ("0", "all"), ("n p", "clusters"),
                ("/", "light up"), ("b", "themes" if self._by == "clusters" else "clusters"), ("tab", "nearest"),
                ("esc", "back"), ("m", "blocks" if self._marks == "braille" else "braille"), ("r", "build anew"),
            )  # fmt: skip
        self.query_one("#map-keys", Bar).set_spans(keys_spans(keys, self.size.width, typing=typing))

    # What the cursor is on.

    def _cell(self, one: MapCluster | MapTheme) -> tuple[int, int]:
        """The cell of the canvas where something has its middle."""
        return one.column, one.row // 2 if self._marks == "blocks" else one.row

    def _under(self) -> tuple[MapCluster | None, MapTheme | None, int]:
        """The cluster that leads the cell under the cursor with its theme, or with the theme that leads it; and its queries."""
        shown, cursor = self._shown, self.canvas.cursor
        if shown is None or cursor is None:
            return None, None, 0
        column, row = cursor
        rows = (2 * row, 2 * row + 1) if self._marks == "blocks" else (row,)
        cells = shown.cells
        found = [
            n
            for n, place in enumerate(zip(cells.column, cells.row, strict=True))
            if place[0] == column and place[1] in rows
        ]
        if not found:
            return None, None, 0
        at = max(found, key=lambda n: cells.queries[n])
        cluster = next((one for one in shown.clusters if one.cluster == cells.cluster[at]), None)
        node = cluster.theme if self._by == "clusters" and cluster is not None else cells.theme[at]
        theme = next((one for one in shown.themes if one.node == node), None)
        return cluster, theme, sum(cells.queries[n] for n in found)

    def copy_text(self) -> str:
        """The title of what the cursor is on."""
        cluster, theme, _ = self._under()
        wanted = theme if self._by == "themes" else cluster
        return wanted.title if wanted is not None else ""

    def _put(self, column: int, row: int) -> None:
        """The cursor goes to a cell, and stays there on the map."""
        self.canvas.put_cursor(column, row)
        frame, cursor = self.frame, self.canvas.cursor
        if frame is not None and cursor is not None:
            self._point = frame.at(*cursor)
        self._draw_here()

    # The job.

    def jobs_changed(self) -> None:
        """A job was started, or is over: the map may be another one."""
        running = self.desk.jobs.running
        if self._building and (running is None or running.action != BUILD.id):
            self._building = False
            self._frame = None
            self._point = None
            self._reload()
        self._tick()

    def _tick(self) -> None:
        """Draw how far the build is."""
        running: Order | None = self.desk.jobs.running
        self._building = running is not None and running.action == BUILD.id
        if not self._building:
            return
        jobs = self.desk.jobs
        bar = self.query_one("#map-note", Bar)
        latest = jobs.latest
        seconds = duration(jobs.elapsed())
        if latest is None or latest.total <= 0 or not latest.done:
            stage = latest.stage if latest is not None else "starting"
            spans = [(f" Building the map: {one_line(stage, 40)}\u2026 ", "strong"), (seconds, "dim")]
        else:
            share = latest.done / latest.total
            spans = [
                (f" Building the map: {one_line(latest.stage, 40)} ", "strong"),
                ("\u2595" + share_bar(share, 20) + "\u258f", "bar"),
                (f"{share:4.0%} ", "number"),
                (seconds, "dim"),
            ]
        bar.set_class(True, "-shown")
        if jobs.stopping:
            spans.append(("  stopping after this step\u2026", "warn"))
        else:
            spans += [("  ctrl+c", "key"), (" stops", "dim")]
        bar.set_spans(spans)
