"""Bad input: each kind has a code, a message, a hint and an exit code, and leaves the store as it was."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.session import Session
from db.dump import canonical_dump
from tests.doors import Ran, run_text

ROW = '{"id": "a", "text": "how do I sort a list", "language": "en"}\n'


def dump(folder: Path) -> list[str]:
    session = Session(folder)
    with session.workspace.connection():
        return list(canonical_dump(session.workspace))


def only_error(ran: Ran) -> dict[str, object]:
    """The error of a script of one line, with what every error must have."""
    row = ran.error
    assert row["code"]
    assert str(row["message"]).strip()
    assert "Traceback" not in ran.err
    return row


def truncated_gzip(path: Path) -> Path:
    data = gzip.compress((ROW * 2000).encode())
    path.write_bytes(data[: len(data) // 2])
    return path


SOURCES: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "missing file": ("file_missing", lambda p: p / "nowhere.jsonl", ""),
    "directory": ("is_directory", lambda p: p, ""),
    "empty file": ("empty_file", lambda p: written(p / "e.jsonl", b""), ""),
    "truncated gzip": ("truncated_file", lambda p: truncated_gzip(p / "t.jsonl.gz"), ""),
    "UTF-16": ("bad_encoding", lambda p: written(p / "u.jsonl", ROW.encode("utf-16")), ""),
    "Latin-1": (
        "bad_encoding",
        lambda p: written(p / "l.jsonl", '{"text": "caf\xe9"}\n'.encode("latin-1")),
        "",
    ),
    "unknown column": ("unknown_column", lambda p: written(p / "c.jsonl", ROW.encode()), "text=txt"),
    "unknown columns": ("unknown_columns", lambda p: written(p / "x.jsonl", b'{"a": 1, "b": 2}\n'), ""),
    "unknown format": ("unknown_format", lambda p: written(p / "x.docx", b"PK"), ""),
    "no good row": ("no_rows", lambda p: written(p / "n.jsonl", b"not json\n" * 5), ""),
    "no such limit": ("bad_limit", lambda p: written(p / "z.jsonl", ROW.encode()), "limit=0"),
}


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_cannot_be_loaded(kind: str, own_workspace: Path, tmp_path: Path) -> None:
    code, make, more = SOURCES[kind]
    before = dump(own_workspace)
    ran = run_text(own_workspace, f"data.load source='{make(tmp_path)}' {more}")
    assert ran.code == 1
    assert only_error(ran)["code"] == code
    assert only_error(ran)["hint"]
    assert dump(own_workspace) == before


def test_a_failed_first_load_leaves_no_dataset(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", f"data.load source={truncated_gzip(tmp_path / 't.jsonl.gz')}\ndata.list")
    assert ran.code == 1
    assert dump(tmp_path / "w") == []


VALUES = {
    "embed.run batch=0": "bad_limit",
    "run.kmeans k=0": "bad_k",
    "run.kmeans k=100000": "bad_k",
    "run.kmeans k=-3": "bad_k",
    "run.hdbscan min_cluster_size=1": "bad_min_cluster_size",
    "run.hdbscan min_cluster_size=100000": "bad_min_cluster_size",
    "run.hdbscan min_cluster_size=3 min_samples=0": "bad_min_samples",
    "run.show run=kmeans-9-zzzz": "unknown_run",
    "run.open run=nope": "unknown_run",
    "run.delete run=nope yes=true": "unknown_run",
    "run.rename label=''": "bad_label",
    "run.list limit=0": "bad_limit",
    "run.list after=xyz": "bad_cursor",
    "cluster.show cluster=999": "unknown_cluster",
    "cluster.list run=nope": "unknown_run",
    "cluster.list after=xyz": "bad_cursor",
    "query.list cluster=999": "unknown_cluster",
    "query.list after='[1]'": "bad_cursor",
    "query.show query=999999": "unknown_query",
    "node.open node=t99": "unknown_node",
    "node.list parent=t99": "unknown_node",
    "node.list depth=0": "bad_depth",
    "node.list limit=5000": "bad_limit",
    "hierarchy.build levels=0": "bad_levels",
    "hierarchy.build width=0": "bad_width",
    "hierarchy.build set=nope": "unknown_summary_set",
    "hierarchy.use hierarchy=nope": "unknown_hierarchy",
    "summary.use set=nope": "unknown_summary_set",
    "summary.create model=gpt-9": "unknown_model",
    "summary.compare": "one_summary_set",
    "summary.compare a=@summary_set": "same_summary_set",
    "summary.compare a=nope": "unknown_summary_set",
    "summary.compare limit=0": "bad_limit",
    "summary.compare after='[1, 2]'": "bad_cursor",
    f"summary.compare after='[0, {'9' * 400}, 1e999]'": "bad_cursor",
    "edit.replay from=nope to=@run": "unknown_run",
    "edit.replay from=@run to=nope": "unknown_run",
    "edit.replay from=@run to=@run": "same_run",
    "edit.replay from=@run to=@run min_overlap=0": "bad_overlap",
    "edit.replay from=@run to=@run kinds=x": "unknown_kind",
    "data.open dataset=nope": "unknown_dataset",
    "data.clear dataset=nope yes=true": "unknown_dataset",
    "data.rejects dataset=nope": "unknown_dataset",
    "embed.run dataset=nope": "unknown_dataset",
    "embed.run model=no-such-model": "unknown_model",
    "embed.run model=BAAI/bge-small-en-v1.5": "model_unavailable",
    "embed.run model=lexical device=cuda": "no_gpu",
    "embed.import path=nowhere.npy": "file_missing",
    "run.kmeans k=2 space=nope": "unknown_space",
    "export.run path=/nowhere/at/all.csv": "bad_path",
    "export.run path=out.docx": "unknown_format",
    "search.queries text=x within=t99": "unknown_node",
    "search.queries text=x cluster=999": "unknown_cluster",
    f"run.list after={'9' * 40}": "bad_cursor",
    f"data.rejects after={'9' * 40}": "bad_cursor",
    "node.list after=xyz": "bad_cursor",
    "cluster.list after='[[], {}, true]'": "bad_cursor",
    f"query.list after='[0.1, {'9' * 40}]'": "bad_cursor",
    "summary.use set=''": "unknown_summary_set",
    "run.kmeans k=2 seed=-1": "bad_seed",
    f"run.hdbscan seed={2**32}": "bad_seed",
    f"export.run path={'n' * 300}.csv": "bad_path",
    '{"action": "export.run", "params": {"path": "a\\u0000b.csv"}}': "bad_path",
    f"embed.import path={'n' * 300}.npy": "file_missing",
    f"embed.run model={'m' * 300}": "unknown_model",
    f"embed.run model=/{'m' * 300}": "model_unavailable",
    "data.load source=hf:../x": "bad_source",
    f"data.load source=hf:{'n' * 300}/x": "bad_source",
}


@pytest.mark.parametrize("line", VALUES)
def test_a_value_that_does_not_fit(line: str, own_workspace: Path) -> None:
    before = dump(own_workspace)
    ran = run_text(own_workspace, line)
    assert only_error(ran)["code"] == VALUES[line]
    assert ran.code == 1
    assert dump(own_workspace) == before


def test_a_run_that_is_not_there_is_answered_with_those_that_are(own_workspace: Path) -> None:
    run = json.loads(run_text(own_workspace, "run.list").out)["data"][0]["run"]
    error = only_error(run_text(own_workspace, f"run.show run={run[:-1]}"))
    assert error["did_you_mean"] == [run]


STEPS = {
    "run.kmeans k=2": "no_embeddings",
    "run.hdbscan": "no_embeddings",
    "run.show": "no_run",
    "cluster.list": "no_run",
    "summary.create": "no_run",
    "hierarchy.build": "no_run",
    "node.open": "no_hierarchy",
    "export.run": "no_run",
}


@pytest.mark.parametrize("line", STEPS)
def test_a_step_before_its_time_says_which_comes_first(line: str, tmp_path: Path) -> None:
    written(tmp_path / "l.jsonl", ROW.encode())
    assert run_text(tmp_path / "w", f"data.load source={tmp_path / 'l.jsonl'}").code == 0
    error = only_error(run_text(tmp_path / "w", line))
    assert error["code"] == STEPS[line]
    assert error["hint"]


def test_nothing_is_overwritten_unasked(own_workspace: Path, tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.csv", b"precious")
    ran = run_text(own_workspace, f"export.run path={mine}")
    assert only_error(ran)["code"] == "file_exists"
    assert mine.read_bytes() == b"precious"
    assert run_text(own_workspace, f"export.run path={mine} overwrite=true").code == 0
    assert mine.read_bytes().startswith(b"query_id,")
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_a_number_that_no_store_can_hold_is_ill_formed(own_workspace: Path) -> None:
    for line in ("query.show query={}", "query.list cluster={}", "run.kmeans k=2 seed={}"):
        ran = run_text(own_workspace, line.format(2**63))
        assert only_error(ran)["code"] == "bad_parameter"
        assert ran.code == 2


def test_an_export_replaces_the_file_behind_a_link_and_not_the_link(
    own_workspace: Path, tmp_path: Path
) -> None:
    mine = written(tmp_path / "mine.csv", b"old")
    link = tmp_path / "link.csv"
    link.symlink_to(mine)
    assert run_text(own_workspace, f"export.run path={link} overwrite=true").code == 0
    assert link.is_symlink()
    assert mine.read_bytes().startswith(b"query_id,")


def test_an_export_does_not_replace_what_is_no_file(own_workspace: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    ran = run_text(own_workspace, f"export.run path={pipe} overwrite=true")
    assert only_error(ran)["code"] == "bad_path"
    assert pipe.is_fifo()


def test_an_export_knows_the_home_folder(
    own_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_text(own_workspace, "export.run path=~/mine.csv").code == 0
    assert (tmp_path / "mine.csv").is_file()


def test_a_link_that_leads_nowhere_is_not_what_was_meant(own_workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").symlink_to(tmp_path / "gone.jsonl")
    error = only_error(run_text(own_workspace, f"data.load source={tmp_path / 'log.jsonl'}"))
    assert error["code"] == "file_missing"
    assert str(tmp_path / "log.jsonl") not in error["did_you_mean"]  # type: ignore[operator]


def test_a_workspace_that_is_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "w").symlink_to(tmp_path / "gone")
    ran = run_text(tmp_path / "w", "data.load source=sample limit=5")
    assert only_error(ran)["code"] == "store_missing"
    assert ran.code == 3
