"""What is counted of conversations beside the log's own fields: bands, moderation, regular users; in old stores, too."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from db import migrations
from db.workspace import Workspace
from tests.benchmarks import facets as bench
from tests.benchmarks.search import vocabulary
from tests.doors import NOW, run_text
from tests.naming import rows, said

LOG: list[dict[str, Any]] = [
    {"id": "a", "messages": ["Hi", "x" * 99], "user": "u", "openai_moderation": [{"flagged": True}], "toxic": True},
    {"id": "b", "messages": ["Hello", "x" * 100], "user": "u", "openai_moderation": [{"flagged": False}, "broken"]},
    {"id": "c", "messages": ["Good day"], "user": "v", "openai_moderation": "[left out: 9 characters]", "redacted": False},
    {"id": "d", "messages": ["Good night", "x" * 4000, "And?", "y"], "toxic": "perhaps", "redacted": True},
]  # fmt: skip


def written(folder: Path) -> Path:
    """The log as a file."""
    lines = [
        json.dumps(row | {"messages": [
            {"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(row["messages"])
        ]}) for row in LOG
    ]  # fmt: skip
    path = folder / "log.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    """A workspace with the log."""
    ran = run_text(tmp_path / "w", f"data.load source={written(tmp_path)}")
    assert ran.code == 0, ran.err
    return tmp_path / "w"


def counted(folder: Path, by: str) -> dict[str | None, int]:
    return {row["value"]: row["count"] for row in said(folder, f"facet.count by={by}")}


def test_each_trait_says_what_the_log_says_and_nothing_where_it_does_not(loaded: Path) -> None:
    assert counted(loaded, "answer_length") == {"0-99": 1, "100-499": 1, "4000+": 1, None: 1}
    assert counted(loaded, "answer_chars") == {"99": 1, "100": 1, "4000": 1, None: 1}
    assert counted(loaded, "user_conversations") == {"2-4": 2, "1": 1, None: 1}
    assert counted(loaded, "flagged") == {"yes": 1, "no": 1, None: 2}
    assert counted(loaded, "toxic") == {"yes": 1, None: 3}
    assert counted(loaded, "redacted") == {"yes": 1, "no": 1, None: 2}


def test_bands_stand_in_their_order(loaded: Path) -> None:
    values = [row["value"] for row in said(loaded, "facet.count by=answer_length sort=value")]
    assert values == ["0-99", "100-499", "4000+", None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("flagged:yes", ["Hi"]),
        ("flagged:YES OR flagged:no", ["Hi", "Hello"]),
        ("answer_length:4000+", ["Good night"]),
        ("answer_chars:>=100", ["Hello", "Good night"]),
        ("user_conversations:2-4 -toxic:yes", ["Hello"]),
        ("redacted:no", ["Good day"]),
    ],
)
def test_traits_are_fields_of_a_search(loaded: Path, text: str, found: list[str]) -> None:
    answer = said(loaded, f"search.queries text='{text}' mode=text")
    assert sorted(row["text"] for row in answer) == sorted(found)


def test_a_band_that_is_none_is_told_with_those_that_are(loaded: Path) -> None:
    ran = run_text(loaded, "facet.count by=flagged where=answer_length=500")
    assert ran.code == 1
    assert "100-499" in ran.out + ran.err


def test_a_user_of_a_later_load_counts_with_those_before(loaded: Path, tmp_path: Path) -> None:
    row = {"id": "e", "messages": [{"role": "user", "content": "More"}], "user": "v"}
    (tmp_path / "log.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    dataset = said(loaded, "data.list")[0]["dataset"]
    assert run_text(loaded, f"data.load source={tmp_path / 'log.jsonl'} name={dataset}").code == 0
    assert counted(loaded, "user_conversations") == {"2-4": 4, None: 1}


def test_a_facet_of_the_same_name_goes_before_the_trait(loaded: Path) -> None:
    ran = run_text(loaded, "facet.from_metadata field=redacted name=redacted")
    assert ran.code == 0, ran.err
    assert set(counted(loaded, "redacted")) == {"false", "true", None}
    assert counted(loaded, "log.redacted") == {"yes": 1, "no": 1, None: 2}


def test_a_store_of_before_gets_the_traits_of_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = next(n for n, step in enumerate(migrations.MIGRATIONS) if step.__name__ == "m010_traits")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        old = Workspace.open(tmp_path, create=True, read_only=False, clock=lambda: NOW)
        with old.transaction() as connection:
            connection.execute("INSERT INTO dataset VALUES (1, 'd', 's', 'x', '{}', 'f', 1, 0, '')")
            connection.execute("INSERT INTO text VALUES (1, 'h', 'Hi')")
            for n, metadata in enumerate(('{"toxic": true}', "not JSON", "{}"), start=1):
                connection.execute(
                    "INSERT INTO conversation VALUES (?, 1, ?, NULL, NULL, NULL, 'u', ?, 2)", (n, n, metadata)
                )
                connection.execute("INSERT INTO turn VALUES (?, 1, 'assistant', ?)", (n, "é" * n))
                connection.execute("INSERT INTO query VALUES (?, 1, ?, 1)", (n, n))
        old.close()
    assert counted(tmp_path, "toxic") == {"yes": 1, None: 2}
    assert rows(tmp_path, "SELECT answer_chars FROM trait ORDER BY conversation_id") == [(1,), (2,), (3,)]
    assert counted(tmp_path, "user_conversations") == {"2-4": 3}


def test_every_count_and_table_of_a_generated_store_equals_plain_sql(tmp_path: Path) -> None:
    words = vocabulary(random.Random(1))
    workspace = bench.build(tmp_path / "w", 10_000, words)
    passing: list[str] = []
    taken = bench.check(workspace, words, passing.append).taken
    assert len(taken) > 200
    assert not [line for line in passing if ": 0 queries" in line], (
        "a filter that nothing passes proves nothing"
    )
    workspace.close()
