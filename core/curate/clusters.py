"""Edits of clusters as such: their names, what is said of them, and making one of two or two of one."""

from __future__ import annotations

from core.curate.edit import Edit, editing
from core.curate.moves import KINDS, ORDINARY, kind_of, move, need
from core.curate.naming import check_title, prepare, title_vector
from core.curate.rows import Edited, short
from core.curate.trees import follow
from core.errors import ActionError
from core.lookup import check_cluster
from core.session import Session
from db import edit_moves
from db.titles import NOISE, ORPHANS, SUMMARY_JOIN, TITLE_SQL


def shown_title(edit: Edit, number: int) -> str:
    """The title of a cluster as it is shown."""
    return str(
        edit.connection.execute(
            f"SELECT {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ? AND c.number = ?",
            (edit.run.id, number),
        ).fetchone()[0]
    )


def subject(edit: Edit, number: int, *, also: tuple[str, ...] = ()) -> None:
    """Check that a cluster can be edited and is as the caller has seen it.

    Raises:
        ActionError: `unknown_cluster`, `not_a_cluster` for the noise and the orphans unless their kind is in `also`, or
            `stale`.
    """
    check_cluster(edit.session.workspace, edit.run, number)
    kind = kind_of(edit, number)
    if kind not in (ORDINARY, *also):
        raise ActionError(
            "not_a_cluster",
            f"{number} stands for the {kind} of the run, which is no cluster.",
            _INSTEAD[number],
        )
    edit.fresh("cluster", [number])


_INSTEAD = {
    NOISE: f"query.move and cluster.delete put queries there: to={NOISE}.",
    ORPHANS: "query.restore and query.move take orphans to a cluster.",
}


def check_target(edit: Edit, number: int) -> None:
    """Check that queries can be put into a cluster; the noise and the orphans need not be there yet.

    Raises:
        ActionError: `unknown_cluster` or `stale`.
    """
    if number in KINDS:
        edit.fresh("cluster", [number])
    else:
        subject(edit, number)


def check_free(edit: Edit, number: int, title: str) -> None:
    """Raise `title_taken` when another cluster of the run is shown under a title: lists and later trees need two."""
    other = edit.connection.execute(
        f"SELECT c.number FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
        f" WHERE c.run_id = ? AND c.number <> ? AND {TITLE_SQL} = ?",
        (edit.run.id, number, title),
    ).fetchone()
    if other is not None:
        raise ActionError(
            "title_taken",
            f"Cluster {other[0]} is called {short(title)} too.",
            f"Say how they differ, or make them one: cluster.merge cluster={number} into={other[0]}.",
        )


def rename(
    session: Session, run: str | None, cluster: int, title: str, reason: str, expect: int | None
) -> Edited:
    """Give a cluster a title by hand; an empty one gives the title of the set of names back.

    Raises:
        ActionError: What `editing` and `subject` raise, `bad_title` or `title_taken`.
    """
    title = check_title(title)
    prepare(session, run, title)
    params = {"cluster": cluster, "title": title}
    with editing(session, "cluster.rename", run, params, reason, expect) as edit:
        subject(edit, cluster, also=("noise",))
        old = shown_title(edit, cluster)
        current = edit.connection.execute(
            "SELECT title FROM cluster WHERE run_id = ? AND number = ?", (edit.run.id, cluster)
        ).fetchone()[0]
        if (title or None) != current:
            vector = title_vector(edit, title) if title else None
            edit.connection.execute(
                "UPDATE cluster SET title = ?, title_vector = ? WHERE run_id = ? AND number = ?",
                (title or None, vector, edit.run.id, cluster),
            )
            check_free(edit, cluster, shown_title(edit, cluster))
            follow(edit, (), {}, named=(cluster,))
        edit.summary = f"Renamed cluster {cluster} from {short(old)} to {short(shown_title(edit, cluster))}."
    return edit.done()


def merge(
    session: Session, run: str | None, cluster: int, into: int, reason: str, expect: int | None
) -> Edited:
    """Put all queries of a cluster into another one, which keeps its name and gets the tags, flags and notes of both.

    Raises:
        ActionError: What `editing` and `subject` raise, `same_cluster` or `last_cluster`.
    """
    with editing(session, "cluster.merge", run, {"cluster": cluster, "into": into}, reason, expect) as edit:
        if cluster == into:
            raise ActionError("same_cluster", f"Cluster {cluster} cannot be merged into itself.", "Name two.")
        subject(edit, cluster, also=("noise",))
        subject(edit, into)
        old, new = shown_title(edit, cluster), shown_title(edit, into)
        edit.connection.execute(_UNITED, {"run": edit.run.id, "cluster": cluster, "into": into})
        sources = edit_moves.choose(
            edit.connection, edit.run.id, into, "a.cluster = :from", {"from": cluster}
        )
        moved = move(edit, sources, into)
        edit.summary = f"Merged cluster {cluster} {short(old)} into {into} {short(new)}: {moved:,} queries."
    return edit.done()


_UNION = "(SELECT json_group_array(value) FROM (SELECT value FROM json_each(t.{0}) UNION SELECT value FROM json_each(s.{0})))"
_UNITED = (
    f"UPDATE cluster AS t SET tags = CASE WHEN s.tags = '[]' THEN t.tags ELSE {_UNION.format('tags')} END,"
    f" flags = CASE WHEN s.flags = '[]' THEN t.flags ELSE {_UNION.format('flags')} END,"
    " notes = CASE WHEN s.notes = '' OR s.notes = t.notes THEN t.notes"
    "  WHEN t.notes = '' THEN s.notes ELSE t.notes || char(10) || s.notes END"
    " FROM cluster s WHERE t.run_id = :run AND t.number = :into AND s.run_id = :run AND s.number = :cluster"
)


def delete(
    session: Session,
    run: str | None,
    cluster: int,
    orphan: bool,
    to: int | None,
    reason: str,
    expect: int | None,
) -> Edited:
    """Remove a cluster; its queries go to the orphans or to another cluster.

    Raises:
        ActionError: What `editing` and `subject` raise, `where_to`, `same_cluster` or `last_cluster`.
    """
    params = {"cluster": cluster, "orphan": orphan or None, "to": to}
    with editing(session, "cluster.delete", run, params, reason, expect) as edit:
        if orphan == (to is not None):
            raise ActionError(
                "where_to",
                f"Say where the queries of cluster {cluster} shall go.",
                "Either orphan=true, or to= another cluster.",
            )
        if cluster == to:
            raise ActionError(
                "same_cluster", "The queries must go to another cluster.", "Name another, or orphan=true."
            )
        subject(edit, cluster)
        target = ORPHANS if to is None else to
        check_target(edit, target)
        old = shown_title(edit, cluster)
        sources = edit_moves.choose(
            edit.connection, edit.run.id, target, "a.cluster = :from", {"from": cluster}
        )
        need(edit, target)
        moved = move(edit, sources, target)
        where = "the orphans" if target == ORPHANS else f"{target} {short(shown_title(edit, target))}"
        edit.summary = f"Deleted cluster {cluster} {short(old)}; {moved:,} queries went to {where}."
    return edit.done()
