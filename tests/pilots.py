"""The Explorer in a test: driven by keys, awaited until it has read everything it wants."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.worker import WorkerState

from core.session import Session
from lmsys_tui.app import LmsysApp
from screens.explorer.screen import Explorer
from screens.typed import waits
from screens.widgets.row_list import RowList
from screens.widgets.tree_list import TreeList
from tests.doors import NOW

WIDE = (140, 40)
NARROW = (80, 24)


def key_event(key: str) -> events.Key:
    """What a terminal sends for a key, by Textual's name or as a character."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        character = key if len(key) == 1 else ""
    return events.Key(key, character or None)


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
            self.send(key)
            await self.settle()

    def send(self, *keys: str) -> None:
        """Press keys, as many as there are at once."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            event = key_event(key)
            event.set_sender(self.app)
            driver.send_message(event)

    async def settle(self, seconds: float = 60.0) -> None:
        """Until no worker and no job runs, no key waits, and all that came of it is drawn."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            await self._all_handled()
            working = [
                w.group for w in self.app.workers if w.state in (WorkerState.PENDING, WorkerState.RUNNING)
            ]
            if not working and not self.app.desk.typed.waiting and self.app.desk.jobs.running is None:
                return
            assert asyncio.get_running_loop().time() < end, working
            await asyncio.sleep(0.005)

    async def _all_handled(self) -> None:
        """Until every widget waits at an empty queue, and nothing waits to be laid out or painted.

        Textual's own pause waits until the process has not computed for 20 ms, four times for a key.
        """
        still = 0
        while still < 2:
            await self.pilot._wait_for_screen()
            screen = self.app.screen
            screen._on_timer_update()
            await asyncio.sleep(0)
            pumps = [self.app, *screen.walk_children(with_self=True)]
            due = (
                screen._callbacks
                or screen._layout_required
                or screen._dirty_widgets
                or screen._next_callbacks
            )
            still = still + 1 if not due and all(waits(pump) for pump in pumps) else 0

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
        if app.faults.seen:
            raise app.faults.seen[0]
        app.desk.jobs.stop()
        app.desk.reading.close()
        app.desk.searching.close()
        app.journal.close()
    session.close()
