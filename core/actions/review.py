"""Reviewing the clusters of a run one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.page import Page
    from core.review.rows import ReviewNext
    from core.session import Session

Reason = Literal[
    "flagged",
    "unnamed",
    "incoherent",
    "duplicate_title",
    "mixed_languages",
    "low_fit",
    "no_parent",
    "huge",
    "tiny",
]


@action(
    "review.find",
    title="Review the clusters that need a person",
    scope="global",
    effect="read",
    keys=("V",),
    examples=("review.find", "review.find reason=tiny max_size=5", "review.find state=all min_languages=2"),
)
def find(
    session: Session,
    *,
    run: str | None = None,
    reason: Reason | None = None,
    state: Literal["open", "skipped", "accepted", "all"] = "open",
    min_size: int | None = None,
    max_size: int | None = None,
    min_languages: int | None = None,
    max_coherence: float | None = None,
    max_quality: int | None = None,
    tag: str | None = None,
    flag: str | None = None,
    title: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> Page:
    """The clusters of a run that need a person, the neediest first, each with the reasons.

    Args:
        run: The run's id; the default is the current one.
        reason: Only those with this reason.
        state: What a reviewer has said of them; `all` lists those without a reason, too.
        min_size: Queries at least.
        max_size: Queries at most.
        min_languages: Languages at least.
        max_coherence: Measured coherence at most, 0 to 1.
        max_quality: Coherence as rated by a person, else by a model, at most: 1 to 5.
        tag: Only those with this tag.
        flag: Only those with this flag.
        title: Words that stand in the title.
        limit: How many at once.
        after: Where the page before ended.
    """
    from core.review.queue import Wanted
    from core.review.queue import find as found

    wanted = Wanted(
        reason, min_size, max_size, min_languages, max_coherence, max_quality, tag, flag, title,
        None if state == "all" else state,
    )  # fmt: skip
    return found(session.workspace, run or session.view.run, wanted, limit, after)


@action(
    "review.next",
    title="The next cluster to review",
    scope="runs",
    effect="read",
    examples=("review.next",),
)
def next_(session: Session, *, run: str | None = None) -> ReviewNext:
    """The cluster that needs a person most, and how far the review is; skipped ones come when no other is left.

    Args:
        run: The run's id; the default is the current one.
    """
    from core.review.queue import following

    return following(session.workspace, run or session.view.run)


@action(
    "review.accept",
    title="Accept the cluster",
    scope="review",
    effect="write",
    keys=("a",),
    examples=("review.accept cluster=0",),
)
def accept(
    session: Session, *, cluster: int, run: str | None = None, reason: str = "", expect: int | None = None
) -> Edited:
    """Say that a cluster may stay as it is; it comes back when a new reason for a look comes up.

    Args:
        cluster: The cluster's number.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.review.verdict import review

    return review(session, run, cluster, "accepted", reason, expect)


@action(
    "review.skip",
    title="Review the cluster later",
    scope="review",
    effect="write",
    keys=("n",),
    examples=("review.skip cluster=0",),
)
def skip(
    session: Session, *, cluster: int, run: str | None = None, reason: str = "", expect: int | None = None
) -> Edited:
    """Put a cluster behind all others of the review.

    Args:
        cluster: The cluster's number.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.review.verdict import review

    return review(session, run, cluster, "skipped", reason, expect)


@action(
    "review.reopen",
    title="Review the cluster again",
    scope="cluster",
    effect="write",
    examples=("review.reopen cluster=0",),
)
def reopen(
    session: Session, *, cluster: int, run: str | None = None, reason: str = "", expect: int | None = None
) -> Edited:
    """Take back what a reviewer has said of a cluster.

    Args:
        cluster: The cluster's number.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.review.verdict import review

    return review(session, run, cluster, "open", reason, expect)
