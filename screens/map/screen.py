"""The map: the queries of a run in two dimensions, coloured by cluster or theme; pan, zoom, and open what the cursor is on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.map.rows import MapCluster, MapNear, MapTheme
from core.registry import Action
from screens.map.picture import BUILD, MapPicture
from screens.widgets.map_canvas import Frame

NARROWEST = 0.002
"""How much of the map's width is in sight at the deepest zoom."""

EDGE = 6
"""So near to the edge the cursor takes the map along."""

NEAR = 200
"""Clusters near the cursor that `tab` goes through."""


class MapScreen(MapPicture):
    """The map, and what a person does with it."""

    HELP = "On the map"
    OWN: ClassVar[frozenset[str]] = frozenset({"search.queries"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_cluster", "Open in the tree"),
        *[
            Binding(keys, f"steer({x}, {y})", "Move", show=False)
            for keys, x, y in (("left,h", -1, 0), ("right,l", 1, 0), ("up,k", 0, -1), ("down,j", 0, 1))
        ],
        *[
            Binding(f"shift+{key}", f"pan_map({x}, {y})", "Pan", show=False)
            for key, x, y in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
        ],
        Binding("plus,equals_sign", "zoom_map(1)", "Nearer", show=False),
        Binding("minus", "zoom_map(-1)", "Further", show=False),
        Binding("0", "whole_map", "All of it", show=False),
        Binding("n", "walk(1)", "Next cluster", show=False),
        Binding("p", "walk(-1)", "Previous cluster", show=False),
        Binding("tab", "nearest", "Nearest cluster", show=False),
        Binding("b", "colours", "Clusters or themes", show=False),
        Binding("m", "dots", "Braille or blocks", show=False),
        Binding("u", "build_umap", "Build by UMAP", show=False),
        Binding("r", "screen.do('map.build')", "Build anew", show=False),
    ]

    # Moving.

    def action_steer(self, x: int, y: int) -> None:
        """Move the cursor; near the edge the map comes along."""
        cursor, frame = self.canvas.cursor, self.frame
        if cursor is None or frame is None:
            return
        self._visited = []
        column, row = cursor[0] + x, cursor[1] + y
        width, height = self.canvas.size
        edge = min(EDGE, width // 4), min(EDGE // 2, height // 4)
        over = (
            min(0, column - edge[0]) if x < 0 else max(0, column - (width - 1 - edge[0])) if x > 0 else 0,
            min(0, row - edge[1]) if y < 0 else max(0, row - (height - 1 - edge[1])) if y > 0 else 0,
        )
        if self._frame is not None and over != (0, 0) and self._move_frame(*over):
            column, row = column - over[0], row - over[1]
        self._put(column, row)

    def action_pan_map(self, x: int, y: int) -> None:
        """Move the map by a third of what is in sight."""
        if self._frame is not None:
            width, height = self.canvas.size
            cursor = self.canvas.cursor
            if self._move_frame(x * width // 3, y * height // 3) and cursor is not None:
                self._put(*cursor)

    def _move_frame(self, columns: int, rows: int) -> bool:
        """Show another part; false where its middle would leave the map."""
        frame = self._frame
        assert frame is not None
        moved = Frame(frame.left + columns * frame.cell, frame.top - rows * 2 * frame.cell, frame.cell)
        x, y = moved.at(self.canvas.size.width // 2, self.canvas.size.height // 2)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            return False
        self._frame = moved
        self._reload()
        return True

    def action_zoom_map(self, by: int) -> None:
        """Twice as near, or half; what is under the cursor stays there."""
        frame, cursor = self.frame, self.canvas.cursor
        if frame is None or cursor is None or (by < 0 and self._frame is None):
            return
        cell = frame.cell / 2 if by > 0 else frame.cell * 2
        width = self.canvas.size.width
        if by > 0 and cell * width < NARROWEST:
            self.say("This is as near as it goes.")
            return
        x, y = self._point = frame.at(*cursor)
        nearer = Frame(x - (cursor[0] + 0.5) * cell, y + (cursor[1] + 0.5) * 2 * cell, cell)
        if by < 0 and cell >= self._widest * 0.999:
            self.action_whole_map()
            return
        self._frame = nearer
        self._reload()

    def action_whole_map(self) -> None:
        """Show all of the map; the cursor stays on what it is on."""
        self._frame = None
        self._reload()

    def action_walk(self, by: int) -> None:
        """To the next smaller or next bigger cluster, or theme, in sight."""
        shown = self._shown
        if shown is None:
            return
        named: tuple[MapCluster, ...] | tuple[MapTheme, ...] = (
            shown.themes if self._by == "themes" else shown.clusters
        )
        if not named:
            return
        if shown.lit:
            named = tuple(one for one in named if one.lit)  # type: ignore[assignment]
        cluster, theme, _ = self._under()
        here = theme if self._by == "themes" else cluster
        at = next((n for n, one in enumerate(named) if one == here), -1)
        self._go(named[(at + by) % len(named)] if at >= 0 else named[0])

    def _go(self, one: MapCluster | MapTheme) -> None:
        self._put(*self._cell(one))

    def action_nearest(self) -> None:
        """To the nearest cluster in sight where the cursor was not yet."""
        frame, cursor = self.frame, self.canvas.cursor
        if frame is not None and cursor is not None:
            self.background("nearest", self._nearest, frame.at(*cursor))

    async def _nearest(self, point: tuple[float, float]) -> None:
        asked = {"x": point[0], "y": point[1], "limit": NEAR}
        asked |= {"run": self._params["run"]} if "run" in self._params else {}
        near: tuple[MapNear, ...] = (await self.desk.searching.dispatch("map.near", asked)).data
        shown = self._shown
        if shown is None:
            return
        in_sight = {one.cluster: one for one in shown.clusters}
        under = self._under()[0]
        if under is not None and under.cluster not in self._visited:
            self._visited.append(under.cluster)
        found = [row.cluster for row in near if row.cluster in in_sight and row.cluster not in self._visited]
        if not found:
            self._visited = []
            self.say(
                "There is no other cluster near here."
                if len(in_sight) < 2
                else "All that are near were visited."
            )
            return
        self._visited.append(found[0])
        self._go(in_sight[found[0]])

    # Looking otherwise.

    def action_colours(self) -> None:
        """By cluster, or by the themes of the tree's first level."""
        if self._shown is None:
            return
        if not self._shown.themes:
            self.say("There is no tree yet, so there are no themes.", "warning")
            return
        self._by = "themes" if self._by == "clusters" else "clusters"
        self._draw()

    def action_dots(self) -> None:
        """Braille, or half blocks, which more terminals draw well."""
        if self._shown is not None:
            self._marks = "blocks" if self._marks == "braille" else "braille"
            self._chosen = True
            self._reload()

    # Doing.

    def action_open_cluster(self) -> None:
        """Open the cluster under the cursor in the tree; where there is no map yet, build it."""
        if self._shown is None:
            self._build("pca")
            return
        cluster = self._under()[0]
        if cluster is None:
            self.say("There is no query here: tab goes to the nearest cluster.")
        else:
            self.visit(cluster.cluster)

    def action_build_umap(self) -> None:
        """Build the map by UMAP."""
        self._build("umap")

    def _build(self, method: str) -> None:
        if self._trouble is not None and self._trouble.code != "no_map":
            self.say(self._trouble.hint or self._trouble.message, "warning")
            return
        if self.desk.jobs.running is not None:
            self.say("A job is running; ctrl+c stops it.", "warning")
            return
        self.run(BUILD, {"method": method, **({"run": self._params["run"]} if "run" in self._params else {})})

    def intercept(self, action: Action) -> bool:
        """The search line of this screen lights queries up."""
        if action.id != "search.queries":
            return False
        if self._shown is not None:
            line = self.query_one("#map-search", Input)
            line.value = self._params.get("text") or ""
            self.set_class(True, "-searching")
            line.focus()
            self._draw_keys()
        return True

    @on(Input.Submitted, "#map-search")
    def _submitted(self, event: Input.Submitted) -> None:
        for name in ("text", "cluster", "node"):
            self._params.pop(name, None)
        if event.value.strip():
            self._params["text"] = event.value.strip()
        self._leave_search()
        self._reload()

    def _leave_search(self) -> None:
        self.set_class(False, "-searching")
        self.canvas.focus()
        self._draw_keys()

    def action_back(self) -> None:
        """Leave the line, put the lights out, or go back."""
        if self.has_class("-searching"):
            self._leave_search()
        elif self._shown is not None and self._shown.lit is not None:
            for name in ("text", "cluster", "node"):
                self._params.pop(name, None)
            self._reload()
        else:
            super().action_back()
