"""One page of a list, as actions answer with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """Rows of a list, with what was left out.

    `total` is exact where it is known, `after` is the value to give to `after=` for the next page.
    """

    rows: tuple[Any, ...]
    total: int | None = None
    after: str | None = None
    note: str | None = None
    """What a person should know of how the rows were found."""

    @property
    def truncated(self) -> bool:
        return self.after is not None
