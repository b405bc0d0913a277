"""The store: schema and migrations, opening, errors, transactions, and vectors that survive a crash."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from db import migrations, models, vectors
from db.errors import StoreError
from db.journal_models import JOURNAL
from db.workspace import FILE_NAME, Workspace

NOW = "2026-01-01T00:00:00Z"


def opened(folder: Path, create: bool = True, read_only: bool = False) -> Workspace:
    return Workspace.open(folder, create=create, read_only=read_only, clock=lambda: NOW)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return opened(tmp_path / "w")


def unit_rows(count: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def add_texts(workspace: Workspace, count: int) -> list[int]:
    with workspace.transaction() as connection:
        connection.execute("INSERT INTO dataset VALUES (1, 'd', 's', 'x', '{}', 'f', 0, 0, '')")
        for i in range(1, count + 1):
            connection.execute("INSERT INTO text VALUES (?, ?, ?)", (i, f"{i:032x}", f"text {i}"))
            connection.execute(
                "INSERT INTO conversation VALUES (?, 1, ?, NULL, NULL, NULL, NULL, '{}', 1)", (i, f"c{i}")
            )
            connection.execute("INSERT INTO query VALUES (?, 1, ?, ?)", (i, i, i))
    return list(range(1, count + 1))


def test_the_models_are_the_tables_that_the_migrations_make(workspace: Workspace) -> None:
    for model in (*models.TABLES, *JOURNAL):
        meta = model._meta
        columns = workspace.rows(f'PRAGMA table_info("{meta.table_name}")')
        by_name = {name: (kind, bool(not_null or key)) for _, name, kind, not_null, _, key in columns}
        assert set(by_name) == {field.column_name for field in meta.sorted_fields}, meta.table_name
        for field in meta.sorted_fields:
            assert by_name[field.column_name][1] == (not field.null), (meta.table_name, field.column_name)


def test_every_foreign_key_column_leads_an_index(workspace: Workspace) -> None:
    for model in (*models.TABLES, *JOURNAL):
        table = model._meta.table_name
        leading = {
            workspace.rows(f'PRAGMA index_info("{row[1]}")')[0][2]
            for row in workspace.rows(f'PRAGMA index_list("{table}")')
        }
        pragma = workspace.rows(f'PRAGMA table_info("{table}")')
        leading |= {row[1] for row in pragma if row[5] == 1}
        for key in workspace.rows(f'PRAGMA foreign_key_list("{table}")'):
            assert key[3] in leading or key[2] == "space", (table, key[3])


def test_opening_again_migrates_nothing(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert migrations.version(first.raw) == len(migrations.MIGRATIONS)
    first.close()
    again = opened(tmp_path, create=False)
    assert migrations.migrate(again.raw) == 0


def test_a_missing_store_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        opened(tmp_path / "none", create=False)
    assert caught.value.code == "store_missing"
    assert not (tmp_path / "none").exists()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    raw.execute("PRAGMA user_version = 999")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError) as caught:
        opened(tmp_path)
    assert caught.value.code == "store_version"
    assert sqlite3.connect(tmp_path / FILE_NAME).execute("PRAGMA user_version").fetchone()[0] == 999


@pytest.mark.parametrize(
    "content", [b"not a database, just text" * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_damaged_store_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        opened(tmp_path)
    assert caught.value.code == "store_damaged"
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_another_programs_database_is_not_taken_over(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    raw.execute("CREATE TABLE theirs (x)")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError) as caught:
        opened(tmp_path)
    assert caught.value.code == "store_damaged"
    assert sqlite3.connect(tmp_path / FILE_NAME).execute("SELECT name FROM sqlite_master").fetchall() == [
        ("theirs",)
    ]


def test_a_transaction_is_all_or_nothing(workspace: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), workspace.transaction() as connection:
        connection.execute("INSERT INTO text VALUES (1, 'h', 'x')")
        raise ZeroDivisionError
    assert workspace.value("SELECT count(*) FROM text") == 0


def test_a_dry_run_leaves_nothing(workspace: Workspace) -> None:
    with workspace.rolled_back(), workspace.transaction() as connection:
        connection.execute("INSERT INTO text VALUES (1, 'h', 'x')")
        assert workspace.value("SELECT count(*) FROM text") == 1
    assert workspace.value("SELECT count(*) FROM text") == 0


def test_a_writer_that_waits_too_long_hears_that_the_store_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.workspace.BUSY_SECONDS", 0.2)
    workspace = opened(tmp_path)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught, workspace.transaction():
        pass
    assert caught.value.code == "store_locked"
    other.execute("ROLLBACK")
    with workspace.transaction() as connection:
        connection.execute("INSERT INTO text VALUES (1, 'h', 'x')")


def test_a_full_disk_rolls_back_and_says_so(workspace: Workspace) -> None:
    pages = workspace.value("PRAGMA page_count")
    workspace.raw.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreError) as caught, workspace.transaction() as connection:
        for i in range(1000):
            connection.execute("INSERT INTO text VALUES (?, ?, ?)", (i, str(i), "x" * 4000))
    assert caught.value.code == "store_full"
    assert workspace.value("SELECT count(*) FROM text") == 0
    assert workspace.value("PRAGMA integrity_check") == "ok"


def test_read_only_opens_without_writing_a_byte(tmp_path: Path) -> None:
    add_texts(opened(tmp_path), 3)
    models.database.close()
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir() if not f.name.endswith(("-shm", "-wal"))}
    reader = opened(tmp_path, create=False, read_only=True)
    assert reader.value("SELECT count(*) FROM text") == 3
    with pytest.raises(StoreError) as caught, reader.transaction():
        pass
    assert caught.value.code == "store_read_only"
    reader.close()
    after = {f.name: f.read_bytes() for f in tmp_path.iterdir() if not f.name.endswith(("-shm", "-wal"))}
    assert after == before


AS_NOBODY = textwrap.dedent("""
    import os, sys, urllib.parse
    from pathlib import Path
    from db.errors import StoreError
    from db.workspace import Workspace
    os.setgid(65534); os.setuid(65534)
    folder = Path(sys.argv[1])
    workspace = Workspace.open(folder, create=False, read_only=sys.argv[2] == "ro", clock=lambda: "now")
    print(workspace.value("SELECT count(*) FROM text"))
    try:
        with workspace.transaction() as connection:
            connection.execute("DELETE FROM text")
    except StoreError as error:
        print(error.code)
""")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_a_folder_of_another_user_can_be_read_but_not_written(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "w"
    workspace = opened(folder)
    add_texts(workspace, 3)
    workspace.close()
    for path in (tmp_path, *tmp_path.parents):
        if path.is_relative_to(tempfile.gettempdir()) and path != Path(tempfile.gettempdir()):
            path.chmod(0o755)
    folder.chmod(0o555)
    (folder / FILE_NAME).chmod(0o444)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder), mode], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["3", "store_read_only"], done.stderr


def test_vectors_come_back_as_they_went_in(workspace: Workspace) -> None:
    ids = add_texts(workspace, 10)
    rows = unit_rows(10)
    with vectors.writing(workspace, "s"):
        space = vectors.make_space(workspace, "s", "m", "r", 8)
        space = vectors.append(workspace, space, ids[:4], rows[:4])
        space = vectors.append(workspace, space, ids[4:], rows[4:])
    assert space.texts == 10
    np.testing.assert_array_equal(vectors.mapped(workspace, space), rows.astype(np.float16))
    text_ids, places, weights = vectors.text_rows(workspace, space.id, 1)
    assert text_ids.tolist() == ids
    assert places.tolist() == list(range(10))
    assert weights.tolist() == [1.0] * 10
    assert vectors.repair(workspace, space) == (space, 0)


def test_a_tail_that_was_never_marked_is_cut_off(workspace: Workspace) -> None:
    ids = add_texts(workspace, 6)
    rows = unit_rows(6)
    with vectors.writing(workspace, "s"):
        space = vectors.make_space(workspace, "s", "m", "r", 8)
        space = vectors.append(workspace, space, ids[:3], rows[:3])
        with (vectors.space_folder(workspace, "s") / vectors.FILE_NAME).open("ab") as handle:
            handle.write(b"half a row")
        space, lost = vectors.repair(workspace, space)
        assert lost == 0
        space = vectors.append(workspace, space, ids[3:], rows[3:])
    np.testing.assert_array_equal(vectors.mapped(workspace, space), rows.astype(np.float16))


@pytest.mark.parametrize(("damage", "kept"), [("missing", 0), ("short", 2), ("changed", 0)])
def test_damaged_vectors_are_noticed_and_embedded_again(workspace: Workspace, damage: str, kept: int) -> None:
    ids = add_texts(workspace, 5)
    with vectors.writing(workspace, "s"):
        space = vectors.make_space(workspace, "s", "m", "r", 8)
        space = vectors.append(workspace, space, ids, unit_rows(5))
        path = vectors.space_folder(workspace, "s") / vectors.FILE_NAME
        data = path.read_bytes()
        if damage == "missing":
            path.unlink()
        elif damage == "short":
            path.write_bytes(data[: 2 * 16 + 5])
        else:
            path.write_bytes(b"\1" + data[1:])
        if damage != "changed":
            with pytest.raises(StoreError):
                vectors.mapped(workspace, space)
        space, lost = vectors.repair(workspace, space)
    assert (space.texts, lost) == (kept, 5 - kept)
    assert [i for i, _ in vectors.missing_texts(workspace, space.id, 1)] == ids[kept:]


def test_two_processes_do_not_write_one_space(workspace: Workspace) -> None:
    with vectors.writing(workspace, "s"):
        code = (
            "import sys; from pathlib import Path; from db.workspace import Workspace; from db import vectors\n"
            "w = Workspace.open(Path(sys.argv[1]), create=False, read_only=False, clock=lambda: '')\n"
            "with vectors.writing(w, 's'): print('wrote')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(workspace.folder)], capture_output=True, text=True, check=False
        )
    assert "store_locked" in done.stderr or "Another process is embedding" in done.stderr
    assert done.stdout == ""


KILLED = textwrap.dedent("""
    import sys
    from pathlib import Path
    import numpy as np
    from db import vectors
    from db.workspace import Workspace
    w = Workspace.open(Path(sys.argv[1]), create=False, read_only=False, clock=lambda: "")
    with vectors.writing(w, "s"):
        space = vectors.find_space(w, "s") or vectors.make_space(w, "s", "m", "r", 8)
        space, _ = vectors.repair(w, space)
        for text_id, _ in vectors.missing_texts(w, space.id, 1):
            row = np.full((1, 8), text_id / 4096, dtype=np.float32)
            space = vectors.append(w, space, [text_id], row)
            print(text_id, flush=True)
""")


def test_killed_at_any_moment_no_vector_is_lost_or_wrong(workspace: Workspace) -> None:
    ids = add_texts(workspace, 400)
    rounds = 0
    while True:
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(workspace.folder)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.02 * (1 + rounds % 5))
        child.send_signal(signal.SIGKILL if rounds < 4 else 0)
        child.wait()
        rounds += 1
        if child.returncode == 0:
            break
    space = vectors.find_space(workspace, "s")
    assert space is not None
    assert vectors.missing_texts(workspace, space.id, 1) == []
    assert vectors.repair(workspace, space) == (space, 0)
    text_ids, places, _ = vectors.text_rows(workspace, space.id, 1)
    assert text_ids.tolist() == ids
    table = vectors.mapped(workspace, space)
    np.testing.assert_array_equal(
        np.asarray(table[places, 0], dtype=np.float64), np.float16(np.array(ids) / 4096).astype(np.float64)
    )
