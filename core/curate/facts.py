"""What a person says of a cluster: description, tags, quality, flags, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.curate.clusters import shown_title, subject
from core.curate.edit import Edit, editing
from core.curate.rows import Edited, short
from core.curate.trees import follow
from core.curate.words import changed, check_characters, check_word, check_words
from core.errors import ActionError
from core.session import Session

MAX_TEXT = 20_000
QUALITY = {"low": 1, "medium": 3, "high": 5} | {str(number): number for number in range(1, 6)}
"""What stands for a quality, 1 to 5."""


def check_text(text: str, what: str) -> str:
    """A text of a person, trimmed.

    Raises:
        ActionError: `bad_text`.
    """
    text = text.strip()
    check_characters(text, what)
    if len(text) > MAX_TEXT:
        raise ActionError("bad_text", f"A {what} has at most {MAX_TEXT:,} characters.", "Say it shorter.")
    return text


def _set(
    session: Session,
    kind: str,
    run: str | None,
    params: dict[str, Any],
    reason: str,
    expect: int | None,
    column: str,
    value: Callable[[Any], Any],
    said: Callable[[Edit, Any], str],
) -> Edited:
    """Set one column of a cluster to what `value` makes of the old one."""
    number = params["cluster"]
    with editing(session, kind, run, params, reason, expect) as edit:
        subject(edit, number, also=("noise",))
        where = (edit.run.id, number)
        old = edit.connection.execute(
            f"SELECT {column} FROM cluster WHERE run_id = ? AND number = ?", where
        ).fetchone()[0]
        new = value(old)
        if new != old:
            edit.connection.execute(
                f"UPDATE cluster SET {column} = ? WHERE run_id = ? AND number = ?", (new, *where)
            )
            if column == "description":
                follow(edit, (), {}, named=(number,))
        edit.summary = f"{said(edit, new)} of cluster {number} {short(shown_title(edit, number))}."
    return edit.done()


def describe(
    session: Session, run: str | None, cluster: int, description: str, reason: str, expect: int | None
) -> Edited:
    """Describe a cluster by hand; an empty text gives the description of the set of names back.

    Raises:
        ActionError: What `editing` and `subject` raise, or `bad_text`.
    """
    text = check_text(description, "description")
    return _set(
        session, "cluster.describe", run, {"cluster": cluster, "description": text}, reason, expect, "description",
        lambda _: text or None, lambda _, new: f"Description {short(new) if new else 'by hand removed,'}",
    )  # fmt: skip


def tag(
    session: Session, run: str | None, cluster: int, add: str, remove: str, reason: str, expect: int | None
) -> Edited:
    """Put tags on a cluster and take others off.

    Raises:
        ActionError: What `editing` and `subject` raise, or `bad_word`.
    """
    more, less = check_words(add, "tag"), check_words(remove, "tag")
    if not more and not less:
        raise ActionError(
            "bad_word", "Name a tag to add or to remove.", "add= or remove=, with commas between."
        )
    params = {"cluster": cluster, "add": add or None, "remove": remove or None}
    parts = [*(f"+{word}" for word in more), *(f"-{word}" for word in less)]
    return _set(
        session, "cluster.tag", run, params, reason, expect, "tags", lambda old: changed(old, more, less),
        lambda *_: f"Tags {', '.join(parts)}",
    )  # fmt: skip


def quality(
    session: Session, run: str | None, cluster: int, coherence: str | int, reason: str, expect: int | None
) -> Edited:
    """Say how coherent a cluster is, 1 to 5; `none` takes it back.

    Raises:
        ActionError: What `editing` and `subject` raise, or `bad_quality`.
    """
    word = str(coherence).strip().lower()
    if word != "none" and word not in QUALITY:
        raise ActionError(
            "bad_quality", f"coherence={word[:40]!r} is no quality.", "1 to 5; low, medium or high; or none."
        )
    value = QUALITY.get(word)
    return _set(
        session, "cluster.quality", run, {"cluster": cluster, "coherence": word}, reason, expect, "quality",
        lambda _: value, lambda _, new: f"Quality {'removed' if new is None else new}",
    )  # fmt: skip


def flag(
    session: Session, run: str | None, cluster: int, word: str, remove: bool, reason: str, expect: int | None
) -> Edited:
    """Put a flag on a cluster, or take it off.

    Raises:
        ActionError: What `editing` and `subject` raise, or `bad_word`.
    """
    word = check_word(word, "flag")
    params = {"cluster": cluster, "flag": word, "remove": remove or None}
    return _set(
        session, "cluster.flag", run, params, reason, expect, "flags",
        lambda old: changed(old, [] if remove else [word], [word] if remove else []),
        lambda *_: f"Flag {'-' if remove else '+'}{word}",
    )  # fmt: skip


def note(
    session: Session, run: str | None, cluster: int, text: str, append: bool, reason: str, expect: int | None
) -> Edited:
    """Write a note on a cluster, in place of the one that is there or below it.

    Raises:
        ActionError: What `editing` and `subject` raise, or `bad_text`.
    """
    text = check_text(text, "note")
    params = {"cluster": cluster, "text": text, "append": append or None}
    return _set(
        session, "cluster.note", run, params, reason, expect, "notes",
        lambda old: check_text(f"{old}\n{text}" if append else text, "note"),
        lambda *_: f"Note {short(text)}" if text else "Note removed,",
    )  # fmt: skip
