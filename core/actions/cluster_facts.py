"""What a person says of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.registry import action

if TYPE_CHECKING:
    from core.curate.rows import Edited
    from core.session import Session


@action(
    "cluster.describe",
    title="Describe the cluster",
    scope="cluster",
    effect="write",
    examples=('cluster.describe cluster=0 description="Users want code that works."',),
)
def describe(
    session: Session,
    *,
    cluster: int,
    description: str,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Describe a cluster by hand, which wins over every set of names.

    Args:
        cluster: The cluster's number.
        description: The description; empty gives back that of the set of names.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.facts import describe as describe_cluster

    return describe_cluster(session, run, cluster, description, reason, expect)


@action(
    "cluster.tag",
    title="Tag the cluster",
    scope="cluster",
    effect="write",
    keys=("b",),
    examples=('cluster.tag cluster=0 add="code,work"', "cluster.tag cluster=0 add=done remove=work"),
)
def tag(
    session: Session,
    *,
    cluster: int,
    add: str = "",
    remove: str = "",
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put tags on a cluster, or take them off.

    Args:
        cluster: The cluster's number.
        add: Tags, with commas between.
        remove: Tags to take off, with commas between.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.facts import tag as tag_cluster

    return tag_cluster(session, run, cluster, add, remove, reason, expect)


@action(
    "cluster.quality",
    title="Rate the cluster",
    scope="cluster",
    effect="write",
    keys=("r",),
    examples=("cluster.quality cluster=0 coherence=4", "cluster.quality cluster=0 coherence=low"),
)
def quality(
    session: Session,
    *,
    cluster: int,
    coherence: str | int,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Say how coherent a cluster is in a person's eyes; what is measured stays beside it.

    Args:
        cluster: The cluster's number.
        coherence: `1` to `5`, or `low` (1), `medium` (3), `high` (5); `none` takes it back.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.facts import quality as rate_cluster

    return rate_cluster(session, run, cluster, coherence, reason, expect)


@action(
    "cluster.flag",
    title="Flag the cluster",
    scope="cluster",
    effect="write",
    keys=("f",),
    examples=("cluster.flag cluster=0", "cluster.flag cluster=0 flag=unsafe"),
)
def flag(
    session: Session,
    *,
    cluster: int,
    flag: str = "review",
    remove: bool = False,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Put a flag on a cluster for somebody to look at, or take it off.

    Args:
        cluster: The cluster's number.
        flag: The flag.
        remove: Take it off.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.facts import flag as flag_cluster

    return flag_cluster(session, run, cluster, flag, remove, reason, expect)


@action(
    "cluster.note",
    title="Write a note on the cluster",
    scope="cluster",
    effect="write",
    keys=("i",),
    examples=(
        'cluster.note cluster=0 text="Ask Ben about the French ones."',
        'cluster.note cluster=0 text="Done." append=true',
    ),
)
def note(
    session: Session,
    *,
    cluster: int,
    text: str,
    append: bool = False,
    run: str | None = None,
    reason: str = "",
    expect: int | None = None,
) -> Edited:
    """Write a note on a cluster, in place of the one that is there or below it.

    Args:
        cluster: The cluster's number.
        text: The note; empty removes it.
        append: Write it below what is there.
        run: The run's id; the default is the current one.
        reason: Why, for the history.
        expect: The last edit that you have seen of the cluster: a later one refuses this one.
    """
    from core.curate.facts import note as note_cluster

    return note_cluster(session, run, cluster, text, append, reason, expect)
