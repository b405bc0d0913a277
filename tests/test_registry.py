"""The table of actions: what a signature and a docstring say, and what is refused."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionError
from core.registry import Action, Registry
from core.session import Session


def sample(
    session: Session,
    *,
    k: int,
    sort: Literal["size", "title"] = "size",
    label: str | None = None,
    share: float = 0.5,
    yes: bool = False,
) -> dict[str, Any]:
    """Does a thing. In two sentences.

    And has a second paragraph.

    Args:
        k: How many, and this help
            goes on in a second line.
        sort: The order.
        label: A word.

    Raises:
        ActionError: `never`.
    """
    return {"session": session, "k": k, "sort": sort, "label": label, "share": share, "yes": yes}


ACTION = Action("a.sample", "Sample", "global", "read", sample, examples=("a.sample k=3",))


def test_the_signature_is_the_schema() -> None:
    assert ACTION.schema() == {
        "type": "object",
        "properties": {
            "k": {"type": "integer", "description": "How many, and this help goes on in a second line."},
            "sort": {
                "type": "string",
                "enum": ["size", "title"],
                "description": "The order.",
                "default": "size",
            },
            "label": {"type": "string", "description": "A word."},
            "share": {"type": "number", "default": 0.5},
            "yes": {"type": "boolean", "default": False},
        },
        "required": ["k"],
        "additionalProperties": False,
    }


def test_the_docstring_is_the_help() -> None:
    assert ACTION.summary == "Does a thing. In two sentences."
    assert ACTION.doc == "Does a thing. In two sentences.\n\nAnd has a second paragraph."
    assert ACTION.params["sort"].choices == ("size", "title")
    assert ACTION.params["label"].optional
    assert not ACTION.params["k"].optional


@pytest.mark.parametrize(
    ("given_params", "checked"),
    [
        ({"k": "3"}, {"k": 3}),
        ({"k": 3, "share": "1e-1", "yes": "true"}, {"k": 3, "share": 0.1, "yes": True}),
        ({"k": "3", "label": ""}, {"k": 3, "label": None}),
        ({"k": "3", "label": "007"}, {"k": 3, "label": "007"}),
    ],
)
def test_values_are_coerced_to_their_types(given_params: dict[str, Any], checked: dict[str, Any]) -> None:
    assert ACTION.validate(given_params) == checked


def test_a_value_that_comes_later_counts_as_given_and_stays() -> None:
    assert ACTION.validate({"k": "@k", "share": "1"}, frozenset({"k"})) == {"k": "@k", "share": 1.0}
    assert ACTION.validate({"k": "@k"}, frozenset({"k"})) == {"k": "@k"}


@pytest.mark.parametrize(
    ("given_params", "code", "message", "hint", "close"),
    [
        ({}, "missing_parameter", "a.sample needs k=.", "Example: a.sample k=3", ()),
        ({"k": None}, "missing_parameter", "a.sample needs k=.", "Example: a.sample k=3", ()),
        (
            {"k": "3", "sorte": "size"},
            "unknown_parameter",
            "a.sample has no parameter 'sorte'.",
            "",
            ("sort", "share"),
        ),
        (
            {"k": "three"},
            "bad_parameter",
            "k=three: ",
            "How many, and this help goes on in a second line.",
            (),
        ),
        ({"k": 3.5}, "bad_parameter", "k=3.5: ", "How many", ()),
        ({"k": "3", "sort": "titel"}, "bad_parameter", "sort=titel: ", "One of: size, title.", ("title",)),
        ({"k": "3", "label": 7}, "bad_parameter", "label=7: ", "A word.", ()),
        ({"k": "3", "yes": "perhaps"}, "bad_parameter", "yes=perhaps: ", "", ()),
        ({"k": "3", "share": "x" * 500}, "bad_parameter", "share=" + "x" * 57 + "...: ", "", ()),
    ],
)
def test_ill_formed_parameters_say_what_is_wrong(
    given_params: dict[str, Any], code: str, message: str, hint: str, close: tuple[str, ...]
) -> None:
    with pytest.raises(ActionError) as raised:
        ACTION.validate(given_params)
    assert raised.value.code == code
    assert raised.value.message.startswith(message)
    assert raised.value.hint.startswith(hint)
    assert raised.value.did_you_mean == close


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(st.sampled_from(["k", "sort", "label", "share", "yes", "no"]), VALUES))
def test_any_parameters_are_taken_or_refused_in_good_order(params: dict[str, Any]) -> None:
    try:
        checked = ACTION.validate(params)
    except ActionError as error:
        code = error.code
    else:
        code = ""
    if code:
        assert code in ("unknown_parameter", "missing_parameter", "bad_parameter")
        return
    assert isinstance(checked["k"], int)
    assert checked.get("sort", "size") in ("size", "title")
    assert isinstance(checked.get("label"), str | None)


def test_an_id_is_registered_once() -> None:
    registry = Registry()
    registry.add(ACTION)
    with pytest.raises(ValueError, match=r"a\.sample is registered twice"):
        registry.add(ACTION)
