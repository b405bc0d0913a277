"""A person at the keyboard for tests: a seeded random walk over the keys of the screens."""

from __future__ import annotations

import random
import re
from typing import Any

from textual.screen import ModalScreen
from textual.widgets import Input

from core.registry import REGISTRY
from core.sessions.journal import SessionJournal
from screens.dialogs import ConfirmScreen
from screens.explorer.screen import Explorer
from screens.form.screen import FormScreen
from tests.pilots import Driven

MOVES = ("j", "j", "j", "k", "l", "h", "g", "G", "o", "n", "p", "1", "2", "2", "3", "4", "tab")
VIEWS = ("enter", "enter", "escape", "t")
EDITS = ("e", "b", "f", "i", "r", "d", "v", "C", "M", "s", "c", "u", "u", "U")
MARKS = ("space", "space")
JOBS = ("K", "N", "B", "x", "D")
SCREENS = ("J", "V", "R", "Y")
NAMES = {" ": "space", ".": "full_stop", "=": "equals_sign", "_": "underscore", ",": "comma", "-": "minus"}
TITLES = (
    "Poems",
    "Über Brot",
    "50% of it",
    "trains to Lyon",
    "$HOME is here",
    "@run",
    "a 'b' \"c\" d",
    "x\\y",
)

LINES = (
    "run.rename label={word}",
    "query.flag query={query}",
    "query.flag query={query} remove=true",
    "query.move query={query} to={cluster}",
    "query.restore query={query}",
    "cluster.describe cluster={cluster} description={word}",
    "cluster.note cluster={cluster} text={word} append=true",
    "cluster.delete cluster={cluster} orphan=true",
    "search.save name=s{query} text={word}",
    "node.open node=root",
    "query.open query={query}",
    "run.open run={run}",
    "summary.use set={set}",
    "hierarchy.use hierarchy={tree}",
    "run.kmeans k={small} seed=3",
    "run.kmeans within={node} k=2",
    "data.load source=sample limit={load}",
    "embed.run model=lexical",
    "facet.from_metadata field=turn name=f{small}",
    "outlier.assign above=3",
    "review.accept cluster={cluster}",
    "edit.undo count=2",
    "edit.redo count=2",
)
"""What is typed after a colon."""


class Walk:
    """Presses keys until so many actions are recorded.

    Args:
        run: The application.
        journal: What it records.
        seed: Of the choices.
    """

    def __init__(self, run: Driven, journal: SessionJournal, seed: int) -> None:
        self.run = run
        self.journal = journal
        self.chance = random.Random(seed)
        self.pressed: list[str] = []
        self._lines: list[str] = []

    async def press(self, *keys: str) -> None:
        """Press the keys, each when the one before has had its effect."""
        self.pressed += keys
        await self.run.press(*keys)

    async def go(self, actions: int, kinds: int, most: int) -> None:
        """Walk until so many actions are recorded, of so many kinds that change something.

        Args:
            actions: How many actions.
            kinds: How many different actions that edit.
            most: Steps after which this fails.
        """
        for _ in range(most):
            if len(self.journal.recent) >= actions and len(self.kinds()) >= kinds:
                return
            await self.step()
        raise AssertionError(f"{len(self.journal.recent)} actions, {self.kinds()} after {most} steps")

    def kinds(self) -> set[str]:
        """The actions recorded so far that edit."""
        done = {step.action for steps in self.journal.recent for step in steps}
        return {action for action in done if REGISTRY.get(action).effect == "write"}

    async def step(self) -> None:
        """One thing that a person would do where the screen stands."""
        screen, chance = self.run.app.screen, self.chance
        if isinstance(screen, FormScreen):
            await self.form()
        elif isinstance(screen, ConfirmScreen):
            await self.press(chance.choice("yn"))
        elif isinstance(screen, ModalScreen) or not hasattr(screen, "run_line"):
            await self.press("escape")
        elif isinstance(screen.focused, Input):
            await self.press(*chance.choice(("poem", "list", "")), "enter")
        else:
            groups = (
                (MOVES, 6), (VIEWS, 4), (EDITS, 9), (MARKS, 2), (JOBS, 0.5), (SCREENS, 0.5), (("colon",), 6),
            )  # fmt: skip
            pool = chance.choices([group for group, _ in groups], [weight for _, weight in groups])[0]
            if not isinstance(screen, Explorer) and chance.random() < 0.3:
                pool = ("escape",)
            key = chance.choice(pool)
            if key == "colon":
                await self.line()
            else:
                await self.press(key)

    async def form(self) -> None:
        """Fill a form, or leave it."""
        chance = self.chance
        if chance.random() < 0.15:
            await self.press("escape")
            return
        if chance.random() < 0.3:
            await self.press("down")
        focused = self.run.app.screen.focused
        if isinstance(focused, Input) and chance.random() < 0.6:
            wants = str(getattr(focused, "name", "") or focused.id or "")
            value = str(chance.randint(2, 5)) if re.search(r"k$|coherence", wants) else chance.choice(TITLES)
            focused.value = value
        await self.press("enter")
        if isinstance(self.run.app.screen, FormScreen):
            await self.press("escape")

    async def line(self) -> None:
        """Type an action: each once in every round, so that none is left out by chance."""
        if not self._lines:
            self._lines = self.chance.sample(LINES, len(LINES))
        await self.press("colon")
        line = self._lines.pop().format(**self.words())
        self.run.app.screen.query_one(Input).value = line
        self.pressed.append(line)
        await self.press("enter")

    def words(self) -> dict[str, Any]:
        """What lines speak of, whether it is there or not."""
        session, chance = self.run.session, self.chance
        with session.workspace.connection():

            def some(sql: str) -> Any:
                found = [row[0] for row in session.workspace.rows(sql)]
                return chance.choice(found) if found else "none"

            return {
                "word": chance.choice(("poems", "bread", '"two words"', "'$x @run'")),
                "query": some("SELECT id FROM query"),
                "cluster": some(
                    "SELECT number FROM cluster c JOIN run r ON r.id = c.run_id WHERE kind = 'cluster'"
                    f" AND r.name = '{session.view.run}'"
                ),
                "run": some("SELECT name FROM run"),
                "set": some("SELECT name FROM summary_set"),
                "tree": some("SELECT name FROM hierarchy"),
                "node": some('SELECT "key" FROM node'),
                "small": chance.randint(2, 6),
                "load": chance.randint(60, 70),
            }
