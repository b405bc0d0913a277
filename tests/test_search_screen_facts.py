"""What the full search is told by the actions: facets at once, counts of saved searches, values that are none, cursors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ActionError
from core.session import Session
from screens.search.wanted import Wanted, field_chip, param_chip, wanted_from, wanted_saved
from tests.doors import NOW


@pytest.fixture
def session(own_workspace: Path) -> Iterator[Session]:
    """A session on a copy of the small workspace."""
    found = Session(own_workspace, clock=lambda: NOW, actor="tester")
    yield found
    found.close()


def test_facets_at_once_are_those_one_by_one(session: Session) -> None:
    answer = session.dispatch("search.facets", {"text": "write", "top": 3})
    names = list(dict.fromkeys(row.facet for row in answer.data))
    assert names == ["language", "chat_model", "cluster", "week", "length"]
    assert answer.total == len(names)
    for name in names:
        counted = session.dispatch("facet.count", {"by": name, "text": "write", "limit": 3})
        rows = [row for row in answer.data if row.facet == name]
        assert [(r.value, r.title, r.count, r.share, r.lift) for r in rows] == [
            (r.value, r.title, r.count, r.share, r.lift) for r in counted.data
        ]
        assert {row.values for row in rows} == {counted.total}
        assert answer.note == counted.note


def test_facets_that_were_named(session: Session) -> None:
    rows = session.dispatch("search.facets", {"by": "turns, length,turns", "top": 1}).data
    assert [row.facet for row in rows] == ["turns", "length"]
    for params, code in (({"by": "nothing"}, "unknown_facet"), ({"top": 0}, "bad_limit")):
        with pytest.raises(ActionError) as caught:
            session.dispatch("search.facets", params)
        assert caught.value.code == code
    with pytest.raises(ActionError) as caught:
        session.dispatch("search.facets", {"by": ",".join(f"x{n}" for n in range(51))})
    assert caught.value.code == "bad_parameter"


def test_counts_of_a_saved_search(session: Session) -> None:
    session.dispatch("search.save", {"name": "one", "text": "write", "language": "English"})
    by = {"by": "chat_model"}
    given = session.dispatch("facet.count", {**by, "text": "write", "language": "English"})
    assert session.dispatch("facet.count", {**by, "saved": "one"}).data == given.data
    over = session.dispatch("facet.count", {**by, "saved": "one", "text": "python"})
    assert over.data == session.dispatch("facet.count", {**by, "text": "python", "language": "English"}).data
    assert session.dispatch("search.facets", {"by": "chat_model", "saved": "one"}).note == given.note
    with pytest.raises(ActionError) as caught:
        session.dispatch("facet.count", {**by, "saved": "ome"})
    assert (caught.value.code, caught.value.did_you_mean) == ("unknown_saved", ("one",))


def test_a_field_without_a_value_means_none(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"q": "one", "l": "German"}\n{"q": "two"}\n{"q": "three"}\n')
    session = Session(tmp_path / "w", clock=lambda: NOW, actor="tester")
    session.dispatch("data.load", {"source": str(log), "text": "q", "language": "l"})
    for text, found in (
        ('language:""', ["two", "three"]),
        ('-language:""', ["one"]),
        ("language:German", ["one"]),
    ):
        assert [row.text for row in session.dispatch("search.queries", {"text": text}).data] == found
        (row,) = session.dispatch("facet.count", {"by": "language", "text": text}).data
        assert row.count == len(found)
        assert (row.value is None) == (len(found) == 2)
    session.close()


def test_cursors_of_a_table_hold_for_that_table_alone(session: Session) -> None:
    asked = {"rows": "cluster", "cols": "language", "limit": 3}
    first = session.dispatch("facet.cross", asked)
    second = session.dispatch("facet.cross", {**asked, "after": first.after})
    whole = session.dispatch("facet.cross", {**asked, "limit": 6})
    assert (*first.data, *second.data) == whole.data
    for other in ({"sort": "count"}, {"cols": "chat_model"}, {"text": "write"}):
        with pytest.raises(ActionError) as caught:
            session.dispatch("facet.cross", {**asked, **other, "after": first.after})
        assert caught.value.code == "bad_cursor"


def test_how_hits_were_found(session: Session) -> None:
    assert session.dispatch("search.queries", {"text": "write"}).mode == "hybrid"
    assert session.dispatch("search.queries", {"text": "language:English"}).mode == "text"
    text_id = session.dispatch("search.queries", {"text": "write", "mode": "vector"}).data[0].text_id
    assert session.dispatch("search.similar", {"text_id": text_id}).mode == "vector"


def test_a_search_says_what_was_loaded_after_the_run(session: Session, tmp_path: Path) -> None:
    assert session.dispatch("search.queries", {"text": "write", "mode": "text"}).note is None
    log = tmp_path / "more.jsonl"
    log.write_text('{"prompt": "write about latecomers"}\n')
    dataset = session.view.dataset
    session.dispatch("data.load", {"source": str(log), "text": "prompt", "name": dataset})
    note = session.dispatch("search.queries", {"text": "latecomers", "mode": "text"}).note
    assert note is not None
    assert note.startswith("1 query was loaded after this run: searches count them, its clusters do not.")


def test_a_search_on_the_screen_is_one_of_the_language() -> None:
    wanted = Wanted(line="write po")
    for chip in (
        field_chip("language", "German"),
        field_chip("week", None),
        field_chip("task", 'a "b" c', None, True),
    ):
        wanted = wanted.toggled(chip)
    assert wanted.text == 'language:German week:"" -task:"a ""b"" c" write po'
    assert wanted.hits() == ("search.queries", {"text": wanted.text})
    turned = wanted.toggled(field_chip("language", "German", None, True))
    assert turned.text.startswith('week:"" -task')
    assert turned.text.endswith("-language:German write po")
    assert wanted.toggled(wanted.chips[0]).has("language", "German") is False
    assert Wanted(line="poem language:German -is:noise", mode="vector").counted() == {
        "text": "language:German -is:noise"
    }


def test_parameters_are_filters_too(session: Session) -> None:
    params = {"text": "write", "language": "English", "cluster": 3, "mode": "text", "within": "root"}
    wanted = wanted_from({**params, "limit": 5})
    assert wanted.chips == (param_chip("language", "English"), param_chip("cluster", 3))
    action, asked = wanted.hits()
    assert (action, {**asked, "mode": wanted.mode}) == ("search.queries", params)
    session.dispatch("search.save", {"name": "kept", **params})
    assert wanted_saved(session.dispatch("search.saved").data[0]) == wanted
