"""The lines of a script: quoting, comments, names, JSON, and what is refused."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionError
from lmsys_tui.grammar import Command, lenient, parse_line, split, strict

NAMES = {"RUN": "kmeans-8", "TEXT": "two words", "FILE": "a.csv"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("data.load source=a.csv", ["data.load", "source=a.csv"]),
        ("  a.b\tk=1  # why", ["a.b", "k=1"]),
        ('s.q text="two words"', ["s.q", "text=two words"]),
        ("s.q text='two  \"words\"'", ["s.q", 'text=two  "words"']),
        (r'a.b k="say \"hi\" \n \$RUN"', ["a.b", r'k=say "hi" \n $RUN']),
        (r"a.b k=a\ b\#c", ["a.b", "k=a b#c"]),
        ("a.b k=C# l='#1'", ["a.b", "k=C#", "l=#1"]),
        ("a.b k=", ["a.b", "k="]),
        ("a.b k='' ''", ["a.b", "k=", ""]),
        (
            'a.b k=$RUN.csv l=${RUN}x m="$TEXT" n=$TEXT',
            ["a.b", "k=kmeans-8.csv", "l=kmeans-8x", "m=two words", "n=two words"],
        ),
        (r"a.b k='$RUN' l=\$RUN m=$$RUN n=$$$RUN", ["a.b", "k=$RUN", "l=$RUN", "m=$RUN", "n=$$RUN"]),
        ("a.b k=$ l=$5 m=a$ n=$$ o=$$7", ["a.b", "k=$", "l=$5", "m=a$", "n=$$", "o=$$7"]),
        ("a.b k=写诗\u00a0\u2028x", ["a.b", "k=写诗\u00a0\u2028x"]),
    ],
)
def test_words_are_split_as_a_shell_does(line: str, words: list[str]) -> None:
    assert split(line, strict(NAMES)) == words


@given(st.lists(st.text(st.characters(exclude_characters="$\n"), min_size=1)))
def test_what_a_shell_would_quote_comes_back(words: list[str]) -> None:
    line = " ".join(shlex.quote(word) for word in words)
    assert split(line, strict({})) == words


@given(st.text(st.characters(exclude_characters="$")), st.text(st.characters(exclude_characters="$")))
def test_a_json_line_carries_any_text(key: str, value: str) -> None:
    line = json.dumps({"action": "a.b", "params": {key: value}})
    assert parse_line(line, strict({})) == Command("a.b", {key: value})


@given(st.text(max_size=80))
def test_any_line_is_a_command_or_a_bad_script(line: str) -> None:
    code = "bad_script"
    try:
        parse_line(line, strict(NAMES))
    except ActionError as error:
        code = error.code
    assert code == "bad_script"


def test_blank_lines_and_comments_are_nothing() -> None:
    assert parse_line("   ", strict({})) is None
    assert parse_line(" # run.list $NOBODY 'x", strict({})) is None


def test_a_json_line_keeps_types_and_fills_texts_alone() -> None:
    line = '{"action": "run.kmeans", "params": {"k": 3, "description": "$TEXT", "yes": true, "set": null}}'
    assert parse_line(line, strict(NAMES), 4) == Command(
        "run.kmeans", {"k": 3, "description": "two words", "yes": True, "set": None}, 4
    )


def test_the_params_of_a_json_line_may_be_left_out() -> None:
    assert parse_line('{"action": "run.list"}', strict({})) == Command("run.list", {})


def test_only_the_names_that_are_given_are_filled_leniently() -> None:
    assert split("a.b k=$RUN l=$OTHER", lenient(NAMES)) == ["a.b", "k=kmeans-8", "l=$OTHER"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.b k='x", "The quote ' is not closed."),
        ('a.b k="x', 'The quote " is not closed.'),
        ("a.b k=x\\", "A backslash ends the line."),
        ("a.b word", "'word' is not of the form key=value."),
        ("a.b =x", "'=x' is not of the form key=value."),
        ("a.b k=1 k=2", "k= is given twice."),
        ("a.b k=$RUNS", "$RUNS is not set."),
        ("{", "Not a JSON object: "),
        ('{"action": "a.b"} x', "Not a JSON object: "),
        ('{"action": "a.b", "action": "c.d"}', "Not a JSON object: the key 'action' stands twice."),
        ('{"action": "a.b", "params": {"k": NaN}}', "Not a JSON object: NaN is not a JSON number."),
        ('{"action": "a.b", "params": [1]}', "params is not an object."),
        ('{"action": 1}', "The object has no action."),
        ('{"action": "a.b", "parameters": {}}', "The object has the key 'parameters'."),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: str, message: str) -> None:
    with pytest.raises(ActionError) as raised:
        parse_line(line, strict(NAMES))
    assert raised.value.code == "bad_script"
    assert raised.value.message.startswith(message)
    assert raised.value.hint


def test_an_unset_name_finds_the_name_that_was_meant() -> None:
    with pytest.raises(ActionError) as raised:
        split("a.b k=$RUNS", strict(NAMES))
    assert raised.value.did_you_mean == ("RUN",)
    assert raised.value.hint == "Give it with --set RUNS=value."


def test_an_object_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ActionError, match="nested too deeply"):
        parse_line('{"a":' * 50_000, strict({}))
