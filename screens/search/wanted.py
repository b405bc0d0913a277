"""What a person searches for: a line, filters as chips, where, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.rows import TextRow
from core.search.language import Operator, Part, Query, Restriction, parse, render
from core.search.rows import SavedSearch
from core.text import one_line, visible

LONGEST_VALUE = 500
"""A value of so many characters cannot be a filter: the line of a search has an end."""

CHIP = 30
"""Characters of a chip's title."""

NARROWS = ("language", "chat_model", "cluster", "where", "space", "run", "dataset")
"""Parameters of a search that are shown as chips, too."""

MODES = ("text", "vector", "hybrid")


@dataclass(frozen=True)
class Chip:
    """A filter: a part of the query language, or a parameter of the action."""

    text: str = ""
    """How it stands in the query language; empty for a parameter."""
    label: str = ""
    """How it is shown."""
    param: tuple[str, Any] | None = None
    of: tuple[str, str | None, bool] | None = None
    """The facet, its value, and whether it is excluded."""


def field_chip(facet: str, value: str | None, title: str | None = None, excluded: bool = False) -> Chip:
    """The chip of a facet's value; without a value: of the queries that have none."""
    operator: Operator = "="
    part = Part(Restriction(facet, value or "", operator), excluded)
    text = render(Query(((part,),))).strip()
    words = "none" if value is None else one_line(value, CHIP)
    label = f"{'not ' * excluded}{facet}:{words}"
    if title:
        label += f" {one_line(title, CHIP)}"
    return Chip(text, label, None, (facet, value, excluded))


def param_chip(name: str, value: Any) -> Chip:
    """The chip of a parameter."""
    return Chip("", f"{name}={one_line(str(value), CHIP)}", (name, value))


@dataclass(frozen=True)
class Wanted:
    """A search as it stands on the screen."""

    line: str = ""
    chips: tuple[Chip, ...] = ()
    mode: str | None = None
    """`None`: by words at once, by meaning too after a pause."""
    within: str | None = None
    within_title: str = ""
    near: TextRow | None = None
    """What the others are compared with; `None` in a search by words or by meaning."""

    @property
    def text(self) -> str:
        """Chips and line, in the query language; the line comes last, for its last word may go on."""
        parts = [chip.text for chip in self.chips if chip.text]
        return " ".join((*parts, self.line)) if self.line.strip() else " ".join(parts)

    @property
    def blank(self) -> bool:
        """Whether nothing is searched for."""
        return not self.text and self.near is None

    @property
    def filters(self) -> dict[str, Any]:
        """The parameters that narrow, beside the text."""
        found = dict(chip.param for chip in self.chips if chip.param is not None)
        return found if self.within is None else {**found, "within": self.within}

    def hits(self) -> tuple[str, dict[str, Any]]:
        """The action that finds it, and its parameters but for the mode and the page."""
        if self.near is not None:
            text = {"text": self.text} if self.text else {}
            return "search.similar", {"text_id": self.near.text_id, **text, **self.filters}
        return "search.queries", {"text": self.text, **self.filters}

    def counted(self) -> dict[str, Any]:
        """The parameters under which facets are counted: by meaning no word is a condition, so fields alone count."""
        text = self.text
        if self.mode == "vector" and self.near is None:
            text = render(Query(parse(text).restrictions)).strip()
        found = {name: value for name, value in self.filters.items() if name != "space"}
        return {**found, "text": text} if text else found

    @property
    def conditional(self) -> bool:
        """Whether a text matches or not; by meaning alone, or by nearness, every text is only nearer or farther."""
        return bool(self.text) and (self.mode != "vector" or self.near is not None)

    @property
    def wordy(self) -> bool:
        """Whether there is a word whose meaning can be looked for."""
        # Not before something is searched for: the first paint does without the full text index.
        from core.search.expression import highlighted

        return bool(highlighted(parse(self.text)))

    def has(self, facet: str, value: str | None) -> bool:
        """Whether a chip is about this value."""
        return any(chip.of is not None and chip.of[:2] == (facet, value) for chip in self.chips)

    def toggled(self, chip: Chip) -> Wanted:
        """With the chip of a value, or without the one that there is; one that is turned round takes its place."""
        about = chip.of[:2] if chip.of else None
        others = tuple(c for c in self.chips if c.of is None or c.of[:2] != about)
        return replace(self, chips=others if chip in self.chips else (*others, chip))

    def without(self, chip: Chip) -> Wanted:
        """Without a chip."""
        return replace(self, chips=tuple(c for c in self.chips if c is not chip))

    def shown(self) -> tuple[Chip, ...]:
        """The chips as they stand in a row: what it is near to and where, too."""
        near = (Chip(label=f"near “{one_line(self.near.text, CHIP)}”"),) if self.near is not None else ()
        place = (Chip(label=f"in {one_line(self.within_title, CHIP)}"),) if self.within is not None else ()
        return (*near, *place, *self.chips)

    def dropped(self, index: int) -> Wanted:
        """Without the chip of that place in the row."""
        row = self.shown()
        if not 0 <= index < len(row):
            return self
        chip = row[index]
        if chip in self.chips:
            return self.without(chip)
        return (
            replace(self, near=None) if index == 0 and self.near is not None else replace(self, within=None)
        )


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The search that an action was asked for."""
    mode = params.get("mode")
    within = params.get("within")
    chips = (param_chip(name, params[name]) for name in NARROWS if params.get(name) is not None)
    return Wanted(
        typed(str(params.get("text") or "")),
        tuple(chips),
        mode if mode in ("text", "vector") else None,
        within,
        str(within or ""),
    )


def wanted_saved(row: SavedSearch) -> Wanted:
    """A search that was saved."""
    return wanted_from({name: getattr(row, name) for name in ("text", "mode", "within", *NARROWS)})


def typed(text: str) -> str:
    """A text as it can stand in a line: a line passes on to the terminal what it holds."""
    return visible(text).replace("\n", " ")


def labels(chips: Iterable[Chip]) -> str:
    """Chips in words."""
    return ", ".join(chip.label for chip in chips)
