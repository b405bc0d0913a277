"""The review queue: who needs a person, why, and what a verdict changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.review.needs import Facts, Usual, reasons, usual
from tests.doors import run_text
from tests.handmade import Themes, handmade
from tests.naming import said

THEMES: Themes = {
    "Code": {
        "Sort list": tuple(f"9x sort list {n}" for n in range(12)),
        "Sort lists": tuple(f"4x sorting of lists {n}" for n in range(10)),
        "Join tables": tuple(f"3x join table {n}" for n in range(9)),
        "Letters": (
            "4x write a letter",
            "2x Schreibe eine Mahnung",
            "2x Rédige une lettre de motivation",
        ),
        "Odds and ends": ("what is this",),
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return handmade(tmp_path / "workspace", THEMES, ())


def found(folder: Path, words: str = "") -> dict[int, dict[str, Any]]:
    return {row["cluster"]: row for row in said(folder, f"review.find {words}")}


def test_shares_are_of_all_queries_of_the_run_as_everywhere(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w", THEMES, tuple(f"noise {n}" for n in range(100)))
    shares = {row["cluster"]: row["share"] for row in said(folder, "cluster.list")}
    rows = found(folder)
    assert {cluster: row["share"] for cluster, row in rows.items()} == {n: shares[n] for n in rows}


def test_the_reasons_are_found_and_told_with_their_figures(folder: Path) -> None:
    rows = found(folder)
    assert set(rows[0]["reasons"]) == {"duplicate_title"}
    assert rows[0]["why"] == ["reads like cluster 1, Sort lists (1.00)"]
    assert (rows[0]["neighbour"], rows[0]["neighbour_title"]) == (1, "Sort lists")
    assert "mixed_languages" in rows[3]["reasons"]
    assert "3 languages; English is 50% of it" in rows[3]["why"]
    assert set(rows[4]["reasons"]) == {"low_fit", "tiny"}
    assert 2 not in rows
    assert set(found(folder, "state=all")) == {0, 1, 2, 3, 4}


def test_the_neediest_come_first_and_a_flag_before_all(folder: Path) -> None:
    assert next(iter(found(folder))) in (0, 1, 4)
    said(folder, "cluster.flag cluster=2 flag=unsafe")
    rows = said(folder, "review.find")
    assert rows[0]["cluster"] == 2
    assert rows[0]["why"] == ["flagged: unsafe"]
    assert [row["need"] for row in rows] == sorted((row["need"] for row in rows), reverse=True)


def test_filters(folder: Path) -> None:
    assert set(found(folder, "reason=tiny")) == {4}
    assert set(found(folder, "state=all max_size=8")) == {3, 4}
    assert set(found(folder, "state=all min_size=100")) == {0}
    assert set(found(folder, "min_languages=3")) == {3}
    assert set(found(folder, "state=all max_coherence=0.1")) == {2}
    assert set(found(folder, "state=all title=lists")) == {1}
    said(folder, "cluster.tag cluster=2 add=later")
    said(folder, "cluster.quality cluster=2 coherence=low")
    assert set(found(folder, "state=all tag=later")) == {2}
    assert set(found(folder, "max_quality=2")) == {2}


def test_pages_hold_every_cluster_once(folder: Path) -> None:
    whole = [row["cluster"] for row in said(folder, "review.find state=all")]
    pages, after = [], ""
    while True:
        line = json.loads(run_text(folder, f"review.find state=all limit=2 {after}").out)
        pages += [row["cluster"] for row in line["data"]]
        if not line["truncated"]:
            break
        after = f"after='{line['after']}'"
    assert pages == whole
    assert line["total"] == len(whole) == 5


def test_a_review_goes_on_where_it_was_and_can_be_taken_back(folder: Path) -> None:
    first = said(folder, "review.next")
    assert (first["open"], first["accepted"], first["skipped"]) == (4, 0, 0)
    cluster = first["cluster"]["cluster"]
    said(folder, f"review.accept cluster={cluster} reason=fine")
    second = said(folder, "review.next")
    assert second["cluster"]["cluster"] != cluster
    assert (second["open"], second["accepted"]) == (3, 1)
    said(folder, f"review.skip cluster={second['cluster']['cluster']}")
    for _ in range(2):
        said(folder, f"review.accept cluster={said(folder, 'review.next')['cluster']['cluster']}")
    last = said(folder, "review.next")
    assert last["cluster"]["cluster"] == second["cluster"]["cluster"]
    assert (last["open"], last["skipped"], last["accepted"]) == (0, 1, 3)
    said(folder, f"review.accept cluster={last['cluster']['cluster']}")
    assert said(folder, "review.next")["cluster"] is None
    said(folder, "edit.undo count=6")
    assert said(folder, "review.next") == first


def test_a_new_reason_brings_an_accepted_cluster_back(folder: Path) -> None:
    said(folder, "review.accept cluster=4")
    assert 4 not in found(folder)
    said(folder, "cluster.flag cluster=4")
    assert "flagged" in found(folder)[4]["reasons"]
    said(folder, "cluster.flag cluster=4 remove=true")
    assert 4 not in found(folder)
    said(folder, "review.reopen cluster=4")
    assert 4 in found(folder)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("review.find min_size=9 max_size=3", "bad_filter"),
        ("review.find run=none", "unknown_run"),
        ("review.find after=nonsense", "bad_cursor"),
        ("review.find limit=0", "bad_limit"),
        ("review.accept cluster=77", "unknown_cluster"),
        ("review.accept cluster=0 expect=0\nreview.skip cluster=0 expect=0", "stale"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, line: str, code: str) -> None:
    ran = run_text(folder, line)
    assert ran.code == 1
    assert json.loads(ran.out.splitlines()[-1])["code"] == code


def test_nothing_is_unusual_where_all_are_alike() -> None:
    common = usual([50] * 9, [0.3] * 9)
    plain = Facts(50, 1 / 9, 0.3, 4, "", (), "", (("English", 50),), False, False, None)
    assert reasons(plain, common) == []
    assert usual([], []) == Usual(0.0, None, None)
