"""One name with what stands behind it: its reasons, the members that it cites, and what was asked and answered."""

from __future__ import annotations

import json
from typing import Any

from core.clusters import text_rows
from core.lookup import check_cluster, find_run, find_summary_set
from core.rows import SummaryShown
from core.session import Session
from db.llm_log import answer_of


def show_summary(session: Session, name: str | None, cluster: int, prompt: bool) -> SummaryShown:
    """The name of a cluster in a set of the current run.

    Args:
        session: Where the user is.
        name: The set's id or alias; `None` is the current one.
        cluster: The cluster's number.
        prompt: Whether to show what the model was told and what it answered, too.

    Raises:
        ActionError: `no_run`, `no_summary`, `unknown_summary_set` or `unknown_cluster`.
    """
    workspace = session.workspace
    run = find_run(workspace, session.view.run)
    set_id, set_name = find_summary_set(workspace, run, name)
    check_cluster(workspace, run, cluster)
    row = workspace.row(
        "SELECT s.model, m.title, m.description, m.form, m.coherence, m.reason, m.status, m.problem, m.cited,"
        " m.prompt_hash, m.attempt FROM summary_set s LEFT JOIN summary m ON m.summary_set_id = s.id AND m.cluster = ?"
        " WHERE s.id = ?",
        (cluster, set_id),
    )
    assert row is not None
    model, title, description, form, coherence, reason, status, problem, cited, prompt_hash, attempt = row
    if title is None:
        return SummaryShown(set_name, model, cluster, "", "", "", None, "", "pending", "", ())
    system = user = answer = None
    if prompt and (found := answer_of(workspace, prompt_hash, attempt)):
        system, user = said_in(json.loads(found[0]))
        answer = found[1]
    texts = text_rows(workspace, run, json.loads(cited)) if cited != "[]" else ()
    return SummaryShown(
        set_name, model, cluster, title, description, form, coherence, reason, status, problem, texts,
        system, user, answer,
    )  # fmt: skip


def said_in(request: dict[str, Any]) -> tuple[str, str]:
    """What the system and the user said in a request of either shape."""
    parts = {"system": [_text(request.get("system", ""))], "user": []}
    for message in request.get("messages", ()):
        parts.setdefault(message["role"], []).append(_text(message["content"]))
    return "\n".join(filter(None, parts["system"])), "\n".join(parts["user"])


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content)
