"""Where the user is, and the only door through which anything is done."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.allowed import check_allowed, check_confirmed
from core.control import Control
from core.errors import ActionError
from core.page import Page
from core.references import meant, referred
from core.registry import REGISTRY, Action
from core.view import View, newest

if TYPE_CHECKING:
    from core.llm.prices import Prices
    from db.workspace import Workspace

Clock = Callable[[], str]
"""Gives the time as UTC ISO 8601 with `Z`; whole seconds."""


def system_clock() -> str:
    """The time now."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Result:
    """What an action gave back: `data` is one row of `core.rows` or a tuple of them."""

    action: str
    data: Any
    view: View
    total: int | None = None
    truncated: bool = False
    after: str | None = None
    dry_run: bool = False
    note: str | None = None
    mode: str | None = None
    """How the hits of a search were found: `text`, `vector` or `hybrid`."""


Listener = Callable[[Action, dict[str, Any], Result, View], None]
"""Told an action that succeeded, its parameters, its result, and where the user was before it; after a `read` the last is empty."""

CutListener = Callable[[Action, dict[str, Any], str, View], None]
"""Told a job that ended with an error when it had kept something, its parameters, the error's code, and where the user was."""


RESUME = "job.resume"
"""Starts another action, which is dispatched, told to listeners and recorded in its place."""


class Session:
    """One user's place in one workspace.

    Args:
        folder: The workspace's folder.
        clock: Gives the time that is stored.
        actor: Who acts; the default is the login name.
        read_only: Allow `read` and `view` alone, and open the store without writing a byte.
        create: Whether actions that may create a store do so.
        prices: What models cost, by the settings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock = system_clock,
        actor: str | None = None,
        read_only: bool = False,
        create: bool = True,
        prices: Prices | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.actor = actor or _login()
        self.read_only = read_only
        self.create = create
        self.prices: Prices = prices or {}
        self.control = Control()
        self.doing: tuple[str, dict[str, Any]] = ("", {})
        """The action that was dispatched last, and its parameters."""
        self.recording = True
        """Whether jobs are written into the table of jobs."""
        self.listeners: list[Listener] = []
        """Called after each dispatch that succeeded, in the thread that dispatched; forks have the same."""
        self.cut_listeners: list[CutListener] = []
        """Called after each job that was cut short, likewise."""
        self._view: View | None = None
        self._workspace: Workspace | None = None

    @property
    def view(self) -> View:
        """Where the user is; at first the newest finished run and its current tree."""
        if self._view is None:
            self._view = newest(self.workspace) if self.exists() else View()
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._view = view

    def go(self, **changes: str | int | None) -> None:
        """Change some fields of the view."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]

    def exists(self) -> bool:
        """Whether there is a store to open."""
        return self._workspace is not None or (self.folder / "workspace.db").is_file()

    @property
    def workspace(self) -> Workspace:
        """The open store.

        Raises:
            db.errors.StoreError: It is missing, locked, damaged or of a newer version.
        """
        return self.open()

    def open(self, create: bool = False) -> Workspace:
        """Open the store, or create it when allowed."""
        if self._workspace is None:
            from db.workspace import Workspace

            self._workspace = Workspace.open(
                self.folder, create=create and self.create, read_only=self.read_only, clock=self.clock
            )
        return self._workspace

    def close(self) -> None:
        """Close the store; the session can open it again."""
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def fork(self, control: Control) -> Session:
        """A session on the same store for a job in another thread: its own view, its own progress."""
        fork = Session(
            self.folder,
            clock=self.clock,
            actor=self.actor,
            read_only=self.read_only,
            create=self.create,
            prices=self.prices,
        )
        fork._workspace = self._workspace
        fork._view = self._view
        fork.control = control
        fork.listeners = self.listeners
        fork.cut_listeners = self.cut_listeners
        return fork

    def check(self, action_id: str, params: dict[str, Any], *, dry_run: bool = False) -> Action:
        """The action, when `dispatch` would let it start: all that can be said without a store.

        Raises:
            ActionError: Unknown action, ill-formed parameter, not allowed here, not confirmed, or no dry run.
        """
        act = REGISTRY.get(action_id)
        check_allowed(act, self.read_only, dry_run)
        later = frozenset(name for name, value in params.items() if referred(value))
        check_confirmed(act, act.validate(params, later), dry_run)
        return act

    def dispatch(
        self, action_id: str, params: dict[str, Any] | None = None, *, dry_run: bool = False
    ) -> Result:
        """Validate, run and report one action.

        Raises:
            ActionError: For everything the user can cause.
        """
        act = REGISTRY.get(action_id)
        check_allowed(act, self.read_only, dry_run)
        with mapped(self.folder):
            checked = act.validate({name: self._fill(value) for name, value in (params or {}).items()})
            check_confirmed(act, checked, dry_run)
            if dry_run and act.creates_store and not self.exists():
                return self._tried(act, checked)
            self.doing = (act.id, checked)
            before = self._place() if self.listeners and act.effect != "read" else View()
            with self._thread(act):
                if dry_run and act.changes:
                    answer = self._plan(act, checked)
                else:
                    answer = self._run(act, checked, before)
        result = self._result(act, answer, dry_run)
        if act.id != RESUME:
            for listener in self.listeners:
                listener(act, checked, result, before)
        return result

    def _run(self, act: Action, params: dict[str, Any], before: View) -> Any:
        if act.effect != "job" or act.id == RESUME or not self.recording:
            return act.run(self, **params)
        from core.jobs.record import run_recorded

        kept = self.workspace.commits
        try:
            with mapped(self.folder):
                return run_recorded(self, act, params)
        except Exception as error:
            if self.workspace.commits != kept:
                for listener in self.cut_listeners:
                    listener(act, params, getattr(error, "code", "bug"), before)
            raise

    def _place(self) -> View:
        """Where the user is, without settling it where nothing is stored yet."""
        return self.view if self._view is not None or self.exists() else View()

    def _tried(self, act: Action, params: dict[str, Any]) -> Result:
        """What an action answers in a store that it makes: it makes one elsewhere, which is thrown away."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            trial = Session(Path(folder), clock=self.clock, actor=self.actor, prices=self.prices)
            trial.control, trial.recording = self.control, False
            try:
                return replace(trial.dispatch(act.id, params), view=View(), dry_run=True)
            finally:
                trial.close()

    def _plan(self, act: Action, params: dict[str, Any]) -> Any:
        if act.plan is not None:
            return act.plan(self, **params)
        with self.rolled_back():
            return act.run(self, **params)

    @contextlib.contextmanager
    def rolled_back(self) -> Iterator[None]:
        """What is done within is tried alone: nothing of it stays in the store, and the user stays in place."""
        before = self.view
        try:
            with self.workspace.rolled_back():
                yield
        finally:
            self.view = before

    @contextlib.contextmanager
    def _thread(self, act: Action) -> Iterator[None]:
        """This thread's own connection, for as long as the action runs."""
        if not act.needs_store:
            yield
            return
        with self.open(create=act.creates_store).connection():
            yield

    def _fill(self, value: Any) -> Any:
        """What `@run` and the like stand for; `@@run` is the text `@run`; any other value as it is."""
        name = referred(value)
        if not name:
            return meant(value)
        found = getattr(self.view, name)
        if found is None:
            self.open()
            raise ActionError(
                "nothing_current", f"There is no current {name} for {value}.", "Open one first."
            )
        return found

    def _result(self, act: Action, answer: Any, dry_run: bool) -> Result:
        view = self.view if self._view is not None or self._workspace is not None else View()
        if isinstance(answer, Page):
            return Result(
                act.id,
                answer.rows,
                view,
                answer.total,
                answer.truncated,
                answer.after,
                dry_run,
                answer.note,
                getattr(answer, "mode", None),
            )
        return Result(act.id, answer, view, dry_run=dry_run)


@contextlib.contextmanager
def mapped(folder: Path) -> Iterator[None]:
    """Store errors as `ActionError`s."""
    from db.errors import StoreError, translated

    try:
        with translated(folder):
            yield
    except StoreError as error:
        raise ActionError(error.code, error.message, error.hint) from error


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
