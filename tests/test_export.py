"""`export.run` through a script: what is in each table, that it adds up, and what a threshold, a mask or a spreadsheet changes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.doors import copied, run_text
from tests.naming import rows, said

FORMATS = ("csv", "jsonl", "parquet", "arrow")
LISTS = {"path": " > ", "path_ids": "/", "phrases": "; ", "tags": "; ", "flags": "; ", "examples": "; "}


@pytest.fixture(scope="module")
def edited(fixture_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small workspace after two edits; not to be changed."""
    folder = copied(fixture_workspace, tmp_path_factory.mktemp("export") / "w")
    said(folder, "cluster.rename cluster=0 title='=cmd|calc jane@example.com' reason='call +1 650 253 0000'")
    said(folder, "cluster.tag cluster=0 add=code")
    return folder


def table(folder: Path, path: Path, line: str) -> list[dict[str, Any]]:
    said(folder, f"export.run path={path} overwrite=true {line}")
    return read(path)


def read(path: Path) -> list[dict[str, Any]]:
    if path.is_dir():
        import datasets

        return list(datasets.load_from_disk(str(path)).to_list())
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return list(pq.read_table(path).to_pylist())
    with path.open(encoding="utf-8", newline="") as handle:
        if path.suffix == ".csv":
            return list(csv.DictReader(handle))
        return [json.loads(line) for line in handle]


def as_csv(row: dict[str, Any]) -> dict[str, str]:
    """A row of JSON Lines as CSV has it."""
    flat = {name: value for name, value in row.items() if name != "facets"}
    flat |= {f"facet_{name}": value for name, value in row.get("facets", {}).items()}
    flat |= {name: LISTS[name].join(flat[name]) for name in LISTS if name in flat}
    flat |= {name: int(value) for name, value in flat.items() if isinstance(value, bool)}
    return {name: "" if value is None else str(value) for name, value in flat.items()}


@pytest.mark.parametrize("what", ["queries", "clusters", "hierarchy", "edits", "facets"])
def test_every_format_holds_the_same_rows(what: str, edited: Path, tmp_path: Path) -> None:
    lines = table(edited, tmp_path / "x.jsonl", f"what={what}")
    assert lines
    assert table(edited, tmp_path / "x.csv", f"what={what}") == [as_csv(row) for row in lines]
    for name, kind in (("x.parquet", "parquet"), ("x", "arrow")):
        found = table(edited, tmp_path / name, f"what={what} format={kind}")
        assert [as_csv(row) for row in found] == [as_csv(row) for row in lines]


@pytest.mark.parametrize("what", ["queries", "clusters", "hierarchy", "edits", "facets"])
@pytest.mark.parametrize("more", ["", "min_users=8", "min_conversations=13 redact=email,ip,url"])
def test_a_dry_run_knows_the_rows(what: str, more: str, edited: Path, tmp_path: Path) -> None:
    line = f"export.run what={what} path={tmp_path}/x.jsonl {more}"
    told = said(edited, line, dry=True)
    assert list(tmp_path.iterdir()) == []
    assert said(edited, line) == told
    assert len(read(tmp_path / "x.jsonl")) == told["rows"]


def test_the_tables_add_up_to_the_run(edited: Path, tmp_path: Path) -> None:
    (total,) = rows(edited, "SELECT count(*) FROM assignment")[0]
    clusters = table(edited, tmp_path / "c.jsonl", "what=clusters")
    assert sum(row["size"] for row in clusters) == total
    nodes = table(edited, tmp_path / "h.jsonl", "what=hierarchy")
    check_tree(nodes, total)
    for facet in ("length", "language", "month"):
        counted = [row for row in table(edited, tmp_path / "f.jsonl", "what=facets") if row["facet"] == facet]
        assert sum(row["queries"] for row in counted) == total
    edits = table(edited, tmp_path / "e.jsonl", "what=edits")
    assert [row["action"] for row in edits] == ["cluster.rename", "cluster.tag"]
    assert json.loads(edits[0]["line"])["params"]["cluster"] == 0


def check_tree(nodes: list[dict[str, Any]], total: int) -> None:
    """Every node's size is the sum of the rows under it."""
    assert nodes[0]["size"] == total
    for node in nodes:
        children = [row["size"] for row in nodes if row["parent_id"] == node["node_id"] is not None]
        assert node["node_id"] is None or not children or sum(children) == node["size"]


@pytest.mark.parametrize("threshold", ["min_users=8", "min_users=9", "min_conversations=13", "min_users=99"])
def test_small_clusters_stay_here_and_totals_still_add_up(
    threshold: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    everything = table(fixture_workspace, tmp_path / "all.jsonl", "")
    made = said(fixture_workspace, f"export.run path={tmp_path}/some.jsonl {threshold}")
    some = read(tmp_path / "some.jsonl")
    assert made["hidden_clusters"] >= 2
    assert len(some) + made["hidden_queries"] == len(everything)
    shown = {row["cluster_id"] for row in some}
    gone = {row["cluster_title"] for row in everything if row["cluster_id"] not in shown}
    assert f"{made['hidden_clusters']} small clusters, {made['hidden_queries']} queries" in made["note"]
    nodes = table(fixture_workspace, tmp_path / "h.jsonl", f"what=hierarchy {threshold}")
    check_tree(nodes, len(everything))
    clusters = table(fixture_workspace, tmp_path / "c.jsonl", f"what=clusters {threshold}")
    assert sum(row["size"] for row in clusters) == len(everything)
    for file in tmp_path.iterdir():
        if file.name != "all.jsonl":
            assert not [title for title in gone if title in file.read_text(encoding="utf-8")]


def test_the_threshold_counts_the_queries_that_leave(fixture_workspace: Path, tmp_path: Path) -> None:
    line = f"export.run path={tmp_path}/x.jsonl overwrite=true where='length=2' min_conversations=5"
    made = said(fixture_workspace, line)
    counts = rows(
        fixture_workspace,
        "SELECT a.cluster, count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN facet_value f ON f.conversation_id = q.conversation_id WHERE f.value = '2' GROUP BY 1",
    )
    kept = {cluster for cluster, count in counts if count >= 5}
    assert {row["cluster_id"] for row in read(tmp_path / "x.jsonl")} <= kept
    assert made["rows"] + made["hidden_queries"] == sum(count for _, count in counts)


def test_under_a_threshold_edits_have_no_words(edited: Path, tmp_path: Path) -> None:
    for row in table(edited, tmp_path / "e.jsonl", "what=edits min_users=2"):
        assert (row["summary"], row["reason"], row["line"]) == ("", "", "")
        assert row["action"].startswith("cluster.")


def test_what_is_asked_for_is_masked_in_every_table(edited: Path, tmp_path: Path) -> None:
    pytest.importorskip("phonenumbers", reason="the extra `redact` is not installed")
    for what in ("queries", "clusters", "hierarchy", "edits"):
        plain = table(edited, tmp_path / "p.jsonl", f"what={what}")
        masked = table(edited, tmp_path / "m.jsonl", f"what={what} redact=email,phone")
        assert len(plain) == len(masked)
        assert "jane@example.com" in json.dumps(plain)
        assert "jane@example.com" not in json.dumps(masked)
        assert "650 253" not in json.dumps(masked)
        assert "[EMAIL]" in json.dumps(masked)


def test_a_spreadsheet_gets_no_formula(edited: Path, tmp_path: Path) -> None:
    plain = table(edited, tmp_path / "p.csv", "what=clusters")
    safe = table(edited, tmp_path / "s.csv", "what=clusters spreadsheet=true")
    assert plain[0]["title"].startswith("=cmd")
    assert safe[0]["title"] == f"'{plain[0]['title']}"
    assert [row["size"] for row in safe] == [row["size"] for row in plain]
    assert not [v for row in safe for v in row.values() if v.startswith(("=", "+", "-", "@", "\t"))]


def test_a_folder_is_replaced_whole_and_only_if_it_is_a_dataset(edited: Path, tmp_path: Path) -> None:
    line = f"export.run format=arrow path={tmp_path}/x"
    said(edited, line)
    first = {p.name: p.read_bytes() for p in (tmp_path / "x").iterdir()}
    assert run_text(edited, line).error["code"] == "file_exists"
    said(edited, f"{line} overwrite=true")
    assert {p.name: p.read_bytes() for p in (tmp_path / "x").iterdir()} == first
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    (tmp_path / "x/mine.txt").write_text("precious", encoding="utf-8")
    assert run_text(edited, f"{line} overwrite=true").error["code"] == "bad_path"
    assert (tmp_path / "x/mine.txt").read_text(encoding="utf-8") == "precious"
    (tmp_path / "y").write_text("precious", encoding="utf-8")
    assert (
        run_text(edited, f"export.run format=arrow path={tmp_path}/y overwrite=true").error["code"]
        == "bad_path"
    )


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet"])
def test_an_export_can_be_loaded_again(name: str, fixture_workspace: Path, tmp_path: Path) -> None:
    made = said(fixture_workspace, f"export.run path={tmp_path / name}")
    again = said(
        tmp_path / "w",
        f"data.load source={tmp_path / name} text=text id=conversation_id language=language model=model timestamp=timestamp",
    )
    assert (again["loaded"], again["duplicates"], again["rejected"]) == (made["rows"], 0, 0)


WRONG = {
    "export.run path={0}/x.csv redact=names": "bad_redact",
    "export.run path={0}/x.csv what=edits where='length=2'": "bad_parameter",
    "export.run path={0}/x.csv what=hierarchy where='length=2'": "bad_parameter",
    "report.write path={0}/x.pdf": "unknown_format",
    "report.write path={0}/x.md levels=0": "bad_level",
    "report.write path={0}/x.md examples=51": "bad_examples",
    "report.write path={0}/x.md redact=everything": "bad_redact",
    "report.write path={0}/no/x.md": "bad_path",
    "report.write path={0} format=md": "bad_path",
}


@pytest.mark.parametrize(("line", "code"), WRONG.items(), ids=WRONG)
def test_what_cannot_be_written_is_said_before_anything_is(
    line: str, code: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.d"
    target.mkdir()
    assert run_text(fixture_workspace, line.format(target)).error["code"] == code
    assert list(target.iterdir()) == []
