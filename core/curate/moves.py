"""Moving queries from one cluster to another: what merge, split, delete, move and restore come down to."""

from __future__ import annotations

from collections.abc import Iterable

from core.curate.edit import Edit
from core.curate.measure import Measure
from core.curate.trees import follow
from core.errors import ActionError
from db import edit_moves
from db.titles import NOISE, ORPHANS

ORDINARY = "cluster"
KINDS = {NOISE: "noise", ORPHANS: "orphans"}

_NEW_CLUSTER = (
    "INSERT INTO cluster (run_id, number, kind, size, texts, neighbours, central, boundary, outside, tags, flags, notes)"
    " VALUES (?, ?, ?, 0, 0, '[]', '[]', '[]', '[]', '[]', '[]', '')"
)


def kind_of(edit: Edit, number: int) -> str | None:
    """The kind of a cluster of the run, or `None` where there is none."""
    row = edit.connection.execute(
        "SELECT kind FROM cluster WHERE run_id = ? AND number = ?", (edit.run.id, number)
    ).fetchone()
    return None if row is None else str(row[0])


def new_number(edit: Edit) -> int:
    """A number that no cluster of the run has or ever had."""
    return int(
        edit.connection.execute(
            "SELECT 1 + max(coalesce((SELECT max(number) FROM cluster WHERE run_id = :run), -1),"
            " coalesce((SELECT max(number) FROM edit_cluster WHERE run_id = :run), -1), -1)",
            {"run": edit.run.id},
        ).fetchone()[0]
    )


def make_cluster(edit: Edit, number: int, kind: str = ORDINARY) -> None:
    """An empty cluster, to be filled in the same edit."""
    edit.connection.execute(_NEW_CLUSTER, (edit.run.id, number, kind))


def need(edit: Edit, number: int) -> None:
    """Make the cluster of the noise or of the orphans, about to be filled, where there is none."""
    if number in KINDS and kind_of(edit, number) is None:
        make_cluster(edit, number, KINDS[number])


def move(edit: Edit, sources: dict[int, int], to: int, beside: dict[int, int] | None = None) -> int:
    """Move what stands in `temp.moving` (`db.edit_moves.choose`) to a cluster that is there; how many queries.

    Clusters that lose their last query go away; sizes, measures, distances and all trees of the run follow.

    Args:
        edit: The open edit.
        sources: How many queries come from each cluster.
        to: The cluster's number.
        beside: For a new cluster, the one next to which its leaf shall stand.

    Raises:
        ActionError: `last_cluster` when no ordinary cluster would be left.
    """
    connection, run = edit.connection, edit.run
    kind = kind_of(edit, to)
    assert kind is not None
    emptied = [
        number
        for number, leaving in sources.items()
        if connection.execute(
            "SELECT size <= ? FROM cluster WHERE run_id = ? AND number = ?", (leaving, run.id, number)
        ).fetchone()[0]
    ]
    _check_left(edit, emptied)
    changed = sorted({to, *sources})
    before = {number: edit_moves.fingerprint(connection, run.id, number) for number in changed}
    measure = Measure(edit.session.workspace, run, len(changed))
    if measure.table is None:
        edit.note(
            "Without the vectors of the run's space, sizes are exact but measures are not computed again."
        )
    texts = edit_moves.text_changes(connection, run.id, to)
    centroid = measure.coming_centroid(to, sum(sources.values())) if kind == ORDINARY else None
    moved = edit_moves.keep(connection, edit.id, to, kind == "noise", measure.distances(centroid))
    edit_moves.put(connection, run.id, edit.id)
    edit.moved += moved
    delete_clusters(edit, emptied)
    left = [number for number in changed if number not in emptied]
    for number in left:
        size = moved if number == to else -sources[number]
        connection.execute(
            "UPDATE cluster SET size = size + ?, texts = texts + ? WHERE run_id = ? AND number = ?",
            (size, texts.get(number, 0), run.id, number),
        )
        measure.update(number)
    _keep_fingerprints(edit, before, left)
    follow(edit, changed, beside or {})
    return moved


def delete_clusters(edit: Edit, numbers: Iterable[int]) -> None:
    """Remove empty clusters; their leaves follow with the trees."""
    edit.connection.executemany(
        "DELETE FROM cluster WHERE run_id = ? AND number = ?", [(edit.run.id, number) for number in numbers]
    )


def _check_left(edit: Edit, emptied: list[int]) -> None:
    left = {
        row[0]
        for row in edit.connection.execute(
            "SELECT number FROM cluster WHERE run_id = ? AND kind = ?", (edit.run.id, ORDINARY)
        )
    }
    if not left - set(emptied):
        raise ActionError(
            "last_cluster",
            f"Nothing would be left in any cluster of {edit.run.name}.",
            "The last cluster of a run cannot be emptied or deleted; move its queries to another.",
        )


def _keep_fingerprints(edit: Edit, before: dict[int, str], left: list[int]) -> None:
    """With the images of a cluster, which queries it had: an undo in any order finds measures that fit again."""
    after = {number: edit_moves.fingerprint(edit.connection, edit.run.id, number) for number in left}
    edit.members[0].update({number: text for number, text in before.items() if number not in edit.members[0]})
    edit.members[1].update(after)
