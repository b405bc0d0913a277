"""The names that need no model, as something for others to fall back on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.lookup import RunInfo
from core.name.create import METHOD, form_of, name_locally, phrases_of
from core.session import Session


@dataclass(frozen=True)
class LocalName:
    """A cluster's name without a model, as it is stored: `phrases` and `phrase_shares` are JSON."""

    title: str
    description: str
    form: str
    phrases: str
    phrase_shares: str

    @property
    def phrase_texts(self) -> tuple[str, ...]:
        """What its members have in common, best first."""
        return tuple(json.loads(self.phrases))


def local_names(session: Session, run: RunInfo) -> Sequence[LocalName]:
    """One for each ordinary cluster, by number: those that are stored, else made now."""
    rows = session.workspace.rows(
        "SELECT c.number, m.title, m.description, m.form, m.phrases, m.phrase_shares FROM cluster c"
        " LEFT JOIN summary m ON m.cluster = c.number AND m.summary_set_id ="
        " (SELECT max(id) FROM summary_set WHERE run_id = c.run_id AND prompt_hash = ?)"
        " WHERE c.run_id = ? AND c.kind = 'cluster' ORDER BY c.number",
        (METHOD, run.id),
    )
    if all(row[1] is not None for row in rows):
        return [LocalName(*row[1:]) for row in rows]
    return [
        LocalName(name.title, name.description, form_of(name.title), *phrases_of(name))
        for name in name_locally(session, run)
    ]
