"""The Explorer in a test: driven by keys, awaited until it has read everything it wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerState

from core.session import Session
from lmsys_tui.app import LmsysApp
from screens.explorer import Explorer
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import TreeList
from tests.doors import NOW

WIDE = (140, 40)
NARROW = (80, 24)


@dataclass
class Driven:
    """A running application."""

    app: LmsysApp
    pilot: Pilot[Any]

    @property
    def explorer(self) -> Explorer:
        """The first screen."""
        return self.app.explorer

    @property
    def session(self) -> Session:
        """The session of the screens."""
        return self.app.session

    @property
    def tree(self) -> TreeList:
        """The list of the tree pane."""
        return self.explorer.query_one(TreeList)

    def rows(self, name: str) -> RowList:
        """The list of a pane."""
        return self.explorer.query_one(f"#{name}-rows", RowList)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when the one before has had its effect."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self, seconds: float = 60.0) -> None:
        """Until no worker and no job runs."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            await self.pilot.pause()
            busy = any(w.state in (WorkerState.PENDING, WorkerState.RUNNING) for w in self.app.workers)
            if not busy and self.app.desk.jobs.running is None:
                break
            assert asyncio.get_running_loop().time() < end, [w.group for w in self.app.workers]
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    def text(self, name: str) -> str:
        """What a list holds, drawn or not."""
        return lines_text(self.rows(name))

    def top(self) -> str:
        """Every list and bar of the top screen."""
        from screens.widgets.bars import Bar

        found = [lines_text(rows) for rows in self.app.screen.query(RowList)]
        found += ["".join(text for text, _ in bar.spans) for bar in self.app.screen.query(Bar)]
        return "\n".join(found)


def lines_text(rows: RowList) -> str:
    """The lines of a list."""
    return "\n".join("".join(text for text, _ in line.spans) for line in rows.lines)


@contextlib.asynccontextmanager
async def driven(
    folder: Path, size: tuple[int, int] = WIDE, *, read_only: bool = False, **options: Any
) -> AsyncIterator[Driven]:
    """The application on a workspace, under a fixed clock."""
    session = Session(folder, clock=lambda: NOW, actor="tester", read_only=read_only)
    app = LmsysApp(session, **options)
    async with app.run_test(size=size) as pilot:
        run = Driven(app, pilot)
        await run.settle()
        yield run
        app.desk.jobs.stop()
        app.desk.reading.close()
        app.desk.searching.close()
    session.close()
