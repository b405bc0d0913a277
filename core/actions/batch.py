"""Message Batches: questions that a provider answers within a day, for half the price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.llm.batch_rows import BatchRow
    from core.page import Page
    from core.session import Session


@action("batch.list", title="Batches", scope="global", effect="read", examples=("batch.list",))
def list_(session: Session) -> Page:
    """The batches of questions that were sent with batch=true, newest first, as they were when last looked at."""
    from core.llm.batch_work import list_batches

    return list_batches(session)


def _look(session: Session, *, batch: str | None = None) -> Page:
    from core.llm.batch_work import look

    return look(session, batch)


@action(
    "batch.collect",
    title="Fetch the answers of batches",
    scope="global",
    effect="job",
    plan=_look,
    examples=("batch.collect", "batch.collect batch=batch-3f9a"),
)
def collect(session: Session, *, batch: str | None = None) -> Page:
    """Fetch the answers of batches that have ended; the command that sent them takes them from the journal then.

    Not needed to go on: that command, repeated, fetches them by itself. With --dry-run: how the batches are.

    Args:
        batch: The batch's id, or that at the provider; the default is every batch that has not ended here.
    """
    from core.llm.batch_work import collect as engine

    return engine(session, batch)


def _look_at(session: Session, *, batch: str) -> Page:
    return _look(session, batch=batch)


@action(
    "batch.cancel",
    title="Cancel a batch",
    scope="global",
    effect="job",
    plan=_look_at,
    examples=("batch.cancel batch=batch-3f9a",),
)
def cancel(session: Session, *, batch: str) -> BatchRow:
    """Ask the provider to answer no more of a batch; what it has answered is billed and kept.

    The command that sent it, repeated, asks the rest again. With --dry-run: how the batch is.

    Args:
        batch: The batch's id, or that at the provider.
    """
    from core.llm.batch_work import cancel as engine

    return engine(session, batch)
