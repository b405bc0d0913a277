"""What a reviewer says of a cluster: that it may stay as it is, or that somebody should come back to it."""

from __future__ import annotations

from core.curate.clusters import subject
from core.curate.edit import editing
from core.curate.rows import Edited
from core.review.queue import reasons_of
from core.review.rows import State
from core.review.state import Reviewed
from core.session import Session

_KINDS: dict[State, str] = {"accepted": "review.accept", "skipped": "review.skip", "open": "review.reopen"}


def review(
    session: Session, run: str | None, cluster: int, verdict: State, reason: str, expect: int | None
) -> Edited:
    """Keep a verdict on a cluster, as an edit that can be undone.

    Raises:
        ActionError: What `core.curate.edit.editing` and `core.curate.clusters.subject` raise.
    """
    with editing(session, _KINDS[verdict], run, {"cluster": cluster}, reason, expect) as edit:
        subject(edit, cluster)
        said = Reviewed(verdict, reasons_of(session.workspace, edit.run, cluster))
        edit.connection.execute(
            "UPDATE cluster SET reviewed = ? WHERE run_id = ? AND number = ?",
            (said.text() if verdict != "open" else "", edit.run.id, cluster),
        )
        edit.summary = f"Cluster {cluster} {'to be reviewed again' if verdict == 'open' else verdict}."
    return edit.done()
