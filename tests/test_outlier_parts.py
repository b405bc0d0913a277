"""The parts of the search for outliers, by themselves: pairs of near rows, folding of texts, scripts of languages."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cluster.blocks import unit
from core.outliers.duplicates import fold
from core.outliers.pairs import components, in_cells
from core.outliers.scripts import letters_of, misfit


def by_hand(vectors: np.ndarray, cosine: float) -> list[int]:
    """The lowest row that each is linked to."""
    lowest = list(range(len(vectors)))
    for a, b in np.argwhere(np.triu(vectors @ vectors.T >= cosine, 1)).tolist():
        one, two = sorted((lowest[a], lowest[b]))
        lowest = [one if value == two else value for value in lowest]
    return lowest


def first_of(labels: np.ndarray) -> list[int]:
    return np.unique(labels, return_index=True)[1][np.unique(labels, return_inverse=True)[1]].tolist()


@pytest.mark.parametrize("n", [0, 1, 2, 90, 700, 2_300])
@pytest.mark.parametrize("copies", [0.02, 0.5])
def test_components_are_those_of_all_pairs(n: int, copies: float) -> None:
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(n, 96)) * np.geomspace(1, 0.05, 96)
    rows = unit(rows) if n else rows.astype(np.float32)
    for at in range(1, n):
        if rng.random() < copies:
            rows[at] = rows[rng.integers(at)] + rng.normal(0, 0.02, 96) * rng.random()
    rows = unit(rows).astype(np.float16).astype(np.float32) if n else rows
    assert first_of(components(rows, 0.97)) == by_hand(rows, 0.97)


def test_thousands_of_copies_are_one_component() -> None:
    rows = unit(np.ones((9_000, 8)) + np.random.default_rng(1).normal(0, 0.01, (9_000, 8))).astype(np.float16)
    assert set(components(rows, 0.97).tolist()) == {0}


def planted(n: int, seed: int) -> np.ndarray:
    """Rows in themes, of which one in five is near another, most of them close to the edge of 0.97."""
    rng = np.random.default_rng(seed)
    themes = rng.normal(size=(20, 12))
    rows = (themes[rng.integers(20, size=n)] + 0.7 * rng.normal(size=(n, 12))) @ rng.normal(size=(12, 64))
    rows = unit(rows + rng.normal(size=(n, 64)) + 3 * rng.normal(size=64))
    copies, sources = rng.choice(n, n // 5, replace=False), rng.integers(n, size=n // 5)
    off = unit(rng.normal(size=(n // 5, 64)))
    rows[copies] = unit(rows[sources] + off * rng.uniform(0.1, 0.24, (n // 5, 1)))
    return rows.astype(np.float16)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cells_find_nearly_all_links_and_make_none_up(seed: int) -> None:
    rows = planted(6_000, seed)
    whole, found = components(rows, 0.97), in_cells(rows, 0.97, cell=300, exact=2_000)
    parts = {(a, b) for a, b in zip(found.tolist(), whole.tolist(), strict=True)}
    assert len(parts) == len(set(found.tolist())), "rows that are not linked lie together"
    links = len(rows) - len(set(whole.tolist()))
    assert links > 900
    assert (len(rows) - len(set(found.tolist()))) / links > 0.99
    assert found.tolist() == in_cells(rows, 0.97, cell=300, exact=2_000).tolist()


def test_copies_that_no_cell_parts_hang_together() -> None:
    rows = np.repeat(planted(3, 1), 1_500, axis=0)
    assert len(set(in_cells(rows, 0.999, cell=200, exact=400).tolist())) == 3


@settings(max_examples=25, deadline=None)
@given(st.integers(601, 900), st.integers(2, 80), st.floats(0.85, 0.99), st.integers(0, 10**6))
def test_no_pair_is_missed_whatever_the_rows_are(n: int, width: int, cosine: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = unit(rng.normal(size=(n, width)) + rng.normal(size=width)).astype(np.float32)
    labels = components(rows, cosine)
    # A pair on the very edge may fall on either side of rounding.
    sure = np.argwhere(np.triu(rows @ rows.T >= cosine + 1e-5, 1))
    assert all(labels[a] == labels[b] for a, b in sure.tolist())
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label)
        if len(members) == 2:
            assert rows[members[0]] @ rows[members[1]] >= cosine - 1e-5


@pytest.mark.parametrize(
    "alike",
    [
        ["Order 12 pizzas!", "order 7 pizzas", "ORDER  999   pizzas..."],
        ["ｆｕｌｌ width", "full WIDTH"],
        ["straße", "STRASSE"],
    ],
)
def test_copies_fold_to_one_text(alike: list[str]) -> None:
    assert len({fold(text) for text in alike}) == 1


@pytest.mark.parametrize(
    ("one", "other"), itertools.combinations(["1", "2", "?", "", "a", "b", "a 1", "a 1 1"], 2)
)
def test_what_differs_by_more_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_folds_once(text: str) -> None:
    assert fold(fold(text)) == fold(text) or fold(text) == text


@pytest.mark.parametrize(
    ("language", "text", "script"),
    [
        ("English", "how do I boil an egg", None),
        ("English", "сколько варить яйцо всмятку", "Cyrillic"),
        ("German", "怎么煮鸡蛋", "Han"),
        ("Russian", "how do I boil an egg", "Latin"),
        ("Russian", "как работает async def main()", None),
        ("Chinese", "帮我写 import numpy as np", None),
        ("Chinese", "please write import numpy", "Latin"),
        ("Japanese", "漢字だけ", None),
        ("Japanese", "漢字漢字", None),
        ("Korean", "안녕하세요 여러분", None),
        ("Serbian", "kako se kuva jaje", None),
        ("Serbian", "како се кува јаје", None),
        ("English", "café naïve Zürich", None),
        ("English", "да", None),
        ("English", "1234 5678 !!!", None),
        ("Klingon", "сколько варить яйцо", None),
        ("Arabic", "كيف تسلق البيضة", None),
        ("Arabic", "کیف حال", None),
        ("Thai", "ต้มไข่อย่างไร", None),
        ("Greek", "Πώς βράζω ένα αυγό", None),
    ],
)
def test_a_language_fits_its_scripts(language: str, text: str, script: str | None) -> None:
    found = misfit(language, text)
    assert (None if found is None else found[1]) == script


@given(st.text(), st.sampled_from(["English", "Russian", "Chinese", "Serbian", "Klingon"]))
def test_any_text_has_scripts(text: str, language: str) -> None:
    assert letters_of(text).total() <= 400
    found = misfit(language, text)
    assert found is None or 0.5 < found[0] <= 1
