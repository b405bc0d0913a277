"""Facets that need no definition by the user, and the names that a facet may have."""

from __future__ import annotations

import re
from importlib.resources import files

from core.errors import ActionError
from core.facets.kinds import TEXT, Kind
from core.search.language import FIELDS

TASKS = (
    "coding", "debugging", "math", "data_analysis", "writing", "rewriting", "summarising", "translating", "explaining",
    "answering", "advising", "brainstorming", "classifying", "role_play", "chatting", "other",
)  # fmt: skip

BUILT_IN: dict[str, Kind] = {
    "request": TEXT,
    "task": Kind("list", TASKS),
    "language": TEXT,
    "concern": Kind("scale", ("1", "5")),
}
"""The facets that come with a question of their own (Clio, appendix B), and their values."""

TRAITS = ("user_conversations", "answer_chars", "answer_length", "flagged", "toxic", "redacted")
"""What is counted of every conversation, and what a log says of its contents."""

LOG_FIELDS = ("language", "chat_model", "user", "turns", "day", "week", "month", *TRAITS)
"""What every log says of a conversation, where it says it: facets without any work."""

LOG = "log."
"""Before the name of a log's field, where a facet of the same name was made."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def question_of(name: str) -> str | None:
    """The question of a built-in facet, in words; `None` for any other name."""
    if name not in BUILT_IN:
        return None
    return files("core.data").joinpath(f"prompts/facet_{name}.txt").read_text(encoding="utf-8").strip()


def check_name(name: str) -> str:
    """`name`, when a facet may have it.

    Raises:
        ActionError: `bad_facet_name`.
    """
    if not _NAME.fullmatch(name):
        raise ActionError(
            "bad_facet_name",
            f"name={name[:60]!r} is no name for a facet.",
            "Use up to 40 small letters, digits and underscores, beginning with a letter.",
        )
    if name in (*LOG_FIELDS, "cluster") and name not in BUILT_IN and name not in TRAITS:
        raise ActionError("bad_facet_name", f"{name} is there already, from the log.", "Take another name.")
    if name in FIELDS and name not in (*LOG_FIELDS, *BUILT_IN):
        raise ActionError(
            "bad_facet_name",
            f"A search could not ask for {name}:, which means something else.",
            "Take another name.",
        )
    return name


def exists(name: str, dataset: str) -> ActionError:
    """The error for a name that is taken."""
    return ActionError(
        "facet_exists",
        f"{dataset} has a facet {name} already, which was made in another way.",
        f"facet.delete name={name} yes=true removes it; or take another name.",
    )
