"""Counts of facets out of arrays: several datasets, gaps between ids, writers in between, and how much is read."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.facets.builtin import LOG_FIELDS
from core.session import Session
from db import facet_codes
from db.workspace import FILE_NAME, Workspace
from lmsys_tui.script import Options
from tests.benchmarks.facets import TRUTH
from tests.doors import run_text
from tests.naming import opened, rows, said

PLAIN = "WITH of_user (user, n) AS (SELECT user, count(*) FROM conversation WHERE dataset_id = :dataset GROUP BY 1)"


def load(folder: Path, into: str, first: int, count: int) -> None:
    """Add conversations to a dataset."""
    rng = random.Random(first)
    path = folder.parent / f"{into}-{first}.jsonl"
    path.write_text(
        "\n".join(
            json.dumps(
                {
                    "id": f"c{n}",
                    "messages": [
                        {"role": "user", "content": f"{rng.choice(['red', 'green'])} {rng.randint(1, 9)}"},
                        *[{"role": "assistant", "content": "a" * rng.randint(0, 5000)}] * rng.randint(0, 1),
                    ],
                    "language": rng.choice(["English", "German", None]),
                    "model": rng.choice(["m1", "m2"]),
                    "timestamp": rng.choice([None, f"2023-0{rng.randint(1, 9)}-03T10:00:00Z"]),
                    "user": rng.choice([None, *"abcdef"]),
                    "toxic": rng.choice([True, False]),
                }
            )
            for n in range(first, first + count)
        ),
        encoding="utf-8",
    )
    ran = run_text(folder, f"data.load source={path} name={into}")
    assert ran.code == 0, ran.err


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two datasets whose conversations alternate in blocks."""
    folder = tmp_path / "w"
    for first in range(0, 120, 20):
        load(folder, "one" if first % 40 else "two", first, 20)
    return folder


def plain(folder: Path, dataset: str, field: str, condition: str = "true") -> Counter[str | None]:
    """The values by plain SQL over the rows as they were loaded."""
    ((number,),) = rows(folder, "SELECT id FROM dataset WHERE name = ?", dataset)
    sql = f"SELECT {TRUTH[field]} FROM query q JOIN conversation v ON v.id = q.conversation_id JOIN text t ON t.id = q.text_id"
    connection = sqlite3.connect(folder / FILE_NAME)
    found = connection.execute(
        f"{PLAIN} {sql} WHERE q.dataset_id = :dataset AND {condition}", {"dataset": number}
    ).fetchall()
    connection.close()
    return Counter(None if value is None else str(value) for (value,) in found)


def counted(folder: Path, dataset: str, field: str, narrowed: str = "") -> Counter[str | None]:
    answer = said(folder, f"facet.count by={field} dataset={dataset} limit=1000 {narrowed}")
    return Counter({row["value"]: row["count"] for row in answer})


def check(folder: Path, dataset: str) -> None:
    for field in LOG_FIELDS:
        assert counted(folder, dataset, field) == plain(folder, dataset, field), field
        german = counted(folder, dataset, field, "language=German")
        assert german == plain(folder, dataset, field, "v.language = 'German'"), field
        red = counted(folder, dataset, field, "text=red")
        assert red == plain(folder, dataset, field, "t.content LIKE 'red%'"), field
        both = counted(folder, dataset, field, "text=red language=German where=toxic=yes")
        assert both == plain(
            folder,
            dataset,
            field,
            f"t.content LIKE 'red%' AND v.language = 'German' AND {TRUTH['toxic']} = 'yes'",
        ), field


def test_each_of_two_datasets_is_counted_by_itself_and_after_the_other_has_gone(two: Path) -> None:
    check(two, "one")
    check(two, "two")
    assert run_text(two, "data.clear dataset=two yes=true").code == 0
    check(two, "one")
    load(two, "one", 500, 15)
    check(two, "one")


def test_a_common_word_under_a_filter_is_counted_by_both(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.facet_counts.RANKED", 2)
    check(two, "one")


def test_the_list_of_facets_reads_the_queries_once_a_table(two: Path) -> None:
    session = opened(two)
    with session.workspace.connection() as connection:
        read: list[str] = []
        connection.set_trace_callback(read.append)
        listed = session.dispatch("facet.list", {"dataset": "one"}).data
        connection.set_trace_callback(None)
    session.close()
    assert len([sql for sql in read if "FROM query q" in sql]) <= 2
    for row in listed:
        values = plain(two, "one", row.facet)
        assert (row.known, row.missing) == (values.total() - values[None], values[None]), row.facet


def test_what_is_written_while_values_are_read_is_counted(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = facet_codes._read_queries
    written: list[int] = []

    def read_and_write(workspace: Workspace, dataset: int | None) -> Any:
        found = read(workspace, dataset)
        if not written:
            written.append(1)
            load(two, "one", 900, 7)
        return found

    session: Session = opened(two)
    with session.workspace.connection():
        monkeypatch.setattr(facet_codes, "_read_queries", read_and_write)
        page = session.dispatch("facet.count", {"by": "week", "dataset": "one", "text": "red"}).data
    session.close()
    assert written
    found = Counter({row.value: row.count for row in page})
    assert found == plain(two, "one", "week", "t.content LIKE 'red%'")
    assert found.total() > 0


@pytest.mark.parametrize("facet", ["language", "week", "log.turns", "user_conversations", "cluster"])
@pytest.mark.parametrize("dry", [False, True])
def test_what_the_log_says_is_nothing_to_cluster_by(two: Path, facet: str, dry: bool) -> None:
    ran = run_text(two, f"embed.run model=lexical dataset=one facet={facet}", options=Options(dry_run=dry))
    assert (ran.code, ran.error["code"]) == (1, "no_words")
    assert facet in ran.error["message"]
    assert "facet.extract" in ran.error["hint"]
    assert "facet.cross rows=cluster" in ran.error["hint"]
    assert rows(two, "SELECT name FROM space") == []


def test_a_facet_that_was_made_is_one_to_cluster_by_whatever_its_name(two: Path) -> None:
    assert run_text(two, "facet.from_metadata field=toxic name=toxic dataset=one").code == 0
    ran = run_text(two, "embed.run model=lexical dataset=one facet=toxic\nrun.kmeans k=2 dataset=one")
    assert ran.code == 0, ran.out
    refused = run_text(two, "embed.run model=lexical dataset=one facet=log.toxic")
    assert refused.error["code"] == "no_words"
