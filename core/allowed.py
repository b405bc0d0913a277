"""What may be done: not everything in a read-only session, nothing that cannot be undone without a yes."""

from __future__ import annotations

from typing import Any

from core.errors import ActionError
from core.registry import Action


def check_allowed(act: Action, read_only: bool, dry_run: bool) -> None:
    """Whether the action may run in this session.

    Raises:
        ActionError: `not_allowed` in a read-only session, or `no_dry_run`.
    """
    # What is tried and rolled back writes, too; a plan reads alone.
    tries = not dry_run or act.plan is None
    if read_only and act.changes and tries:
        raise ActionError(
            "not_allowed",
            f"{act.id} changes something ({act.effect}); this session is read-only.",
            "Leave --read-only out.",
        )
    if dry_run and act.changes and not act.previewed:
        raise ActionError(
            "no_dry_run", f"{act.id} cannot say beforehand what it would do.", "Leave --dry-run out."
        )


def check_confirmed(act: Action, params: dict[str, Any], dry_run: bool) -> None:
    """Whether what cannot be undone was confirmed.

    Raises:
        ActionError: `needs_yes`.
    """
    if act.effect == "destroy" and not params.get("yes") and not dry_run:
        raise ActionError("needs_yes", f"{act.id} cannot be undone.", "Say yes=true to go on.")
