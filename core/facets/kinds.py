"""Which values a facet may have: any text, one of a list, or a whole number of a scale."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.errors import ActionError
from core.text import normalise, one_line

KindName = Literal["text", "list", "scale"]

LONGEST_TEXT = 300
"""Characters of a value by a model."""

LONGEST_VALUE = 80
MOST_VALUES = 100
_SCALE = re.compile(r"\s*(-?\d{1,4})\s*-\s*(-?\d{1,4})\s*")


class UnfitError(ValueError):
    """A value that a facet cannot have; the message says which it can, and never quotes what was given."""


@dataclass(frozen=True)
class Kind:
    """`values` are those of a `list`, the first and last number of a `scale`, and empty for `text`."""

    name: KindName
    values: tuple[str, ...] = ()

    @property
    def scale(self) -> tuple[int, int]:
        """The first and the last number of a scale."""
        return int(self.values[0]), int(self.values[1])

    @property
    def told(self) -> str:
        """The values in words for a model."""
        if self.name == "list":
            return "The value is exactly one of: " + ", ".join(f'"{value}"' for value in self.values) + "."
        if self.name == "scale":
            low, high = self.scale
            return f"The value is a whole number from {low} to {high}."
        return f"The value is at most one sentence of at most {LONGEST_TEXT} characters, without line breaks."

    def fit(self, value: Any) -> str:
        """The value as it is kept: of a list in the list's own spelling, whatever the case.

        Raises:
            UnfitError: It is none of this kind.
        """
        if self.name == "scale":
            return self._on_scale(value)
        if not isinstance(value, str) or not value.strip():
            raise UnfitError("It must be a text that is not empty.")
        if self.name == "text":
            return one_line(value, LONGEST_TEXT)
        for known in self.values:
            if known.casefold() == value.strip().casefold():
                return known
        raise UnfitError(f"It must be exactly one of: {', '.join(self.values)}.")

    def _on_scale(self, value: Any) -> str:
        low, high = self.scale
        if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,6}\s*", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise UnfitError(f"It must be a whole number from {low} to {high}.")
        return str(value)


TEXT = Kind("text")


def kept_kind(name: str, values: tuple[str, ...]) -> Kind:
    """The kind that is kept with a facet."""
    return Kind(next(known for known in get_args(KindName) if known == name), values)


def kind_of(values: str | None) -> Kind:
    """The kind that `values=` names: `a,b,c`, `1-5`, or nothing for free text.

    Raises:
        ActionError: `bad_values`.
    """
    if values is None:
        return TEXT
    if found := _SCALE.fullmatch(values):
        low, high = int(found[1]), int(found[2])
        if not low < high:
            raise _bad(values, "a scale goes up")
        return Kind("scale", (str(low), str(high)))
    listed = tuple(normalise(value) for value in next(csv.reader([values], skipinitialspace=True), []))
    if len(listed) < 2 or not all(listed):
        raise _bad(values, "a list has two values or more, none empty")
    if len({value.casefold() for value in listed}) < len(listed):
        raise _bad(values, "two values differ in nothing but their case")
    if len(listed) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in listed):
        raise _bad(values, f"at most {MOST_VALUES} values of {LONGEST_VALUE} characters")
    return Kind("list", listed)


def _bad(values: str, why: str) -> ActionError:
    return ActionError(
        "bad_values",
        f"values={values[:60]!r} are no values of a facet: {why}.",
        "Write a list, values=bug,question,praise, or a scale, values=1-5; leave it out for free text.",
    )
