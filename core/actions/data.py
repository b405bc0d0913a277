"""Loading chat logs, and what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.page import Page
from core.registry import action

if TYPE_CHECKING:
    from core.rows import Loaded, Status
    from core.session import Session


@action(
    "data.load",
    title="Load a log",
    scope="data",
    effect="job",
    transactional=True,
    keys=("L",),
    creates_store=True,
    examples=("data.load source=sample", "data.load source=sample limit=200 name=first-200"),
)
def load(
    session: Session,
    *,
    source: str,
    name: str | None = None,
    limit: int | None = None,
    text: str | None = None,
    id: str | None = None,
    language: str | None = None,
    model: str | None = None,
    timestamp: str | None = None,
    user: str | None = None,
) -> Loaded:
    """Load conversations from the bundled sample, a file or a Hugging Face dataset.

    JSONL, JSON, CSV and Parquet, also .gz, .zst and in a .zip. Recognised by shape: LMSYS-Chat-1M, WildChat, Chatbot Arena,
    OpenAssistant, ShareGPT, OpenAI messages, request logs and batches of OpenAI and Anthropic, Langfuse, OpenInference, OTLP,
    the account exports of ChatGPT and Claude; for any other, name the columns. What is already there is not loaded twice.

    Args:
        source: `sample`, a path, or `hf:NAME` for a dataset of the Hugging Face hub.
        name: The dataset's name in the workspace; the default comes from the source.
        limit: Load at most so many conversations.
        text: The column of the query, or of the list of turns; dotted paths reach inside.
        id: The column of the conversation's id.
        language: The column of the language.
        model: The column of the chat model.
        timestamp: The column of the time.
        user: The column of the user.
    """
    from core.load.run import load as run

    mapping = {
        "text": text, "id": id, "language": language, "model": model, "timestamp": timestamp, "user": user,
    }  # fmt: skip
    return run(session, source, name=name, limit=limit, mapping={k: v for k, v in mapping.items() if v})


@action(
    "data.status",
    title="What is loaded",
    scope="data",
    effect="read",
    examples=("data.status",),
)
def status(session: Session) -> Status:
    """What the workspace holds, and the next step."""
    from core.datasets import status as run

    return run(session.workspace)


@action("data.list", title="Datasets", scope="data", effect="read", examples=("data.list",))
def list_(session: Session) -> Page:
    """The loaded datasets."""
    from core.datasets import datasets

    return Page(datasets(session.workspace))


@action(
    "data.rejects",
    title="Rows that could not be loaded",
    scope="data",
    effect="read",
    examples=("data.rejects", "data.rejects dataset=sample limit=5"),
)
def rejects(
    session: Session, *, dataset: str | None = None, limit: int = 50, after: str | None = None
) -> Page:
    """Rows that were kept aside, with line number and reason.

    Args:
        dataset: The dataset's name; the default is the current one.
        limit: At most so many rows.
        after: Go on after this cursor of an earlier page.
    """
    from core.datasets import rejects as run

    return run(session.workspace, dataset or session.view.dataset, limit, after)


@action(
    "data.clear",
    title="Remove a dataset",
    scope="data",
    effect="destroy",
    examples=("data.clear dataset=sample yes=true",),
)
def clear(session: Session, *, dataset: str, yes: bool = False) -> Status:  # noqa: ARG001
    """Remove a dataset with its conversations, runs, names and trees.

    Args:
        dataset: The dataset's name.
        yes: Say that you mean it; a script must.
    """
    from core.datasets import clear as run

    return run(session, dataset)


@action(
    "data.open",
    title="Open a dataset",
    scope="data",
    effect="view",
    examples=("data.open dataset=sample",),
)
def open_(session: Session, *, dataset: str) -> Page:
    """Make a dataset the current one.

    Args:
        dataset: The dataset's name.
    """
    from core.place import open_dataset

    return Page((open_dataset(session, dataset),))
