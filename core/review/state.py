"""What is kept of a review with a cluster: the verdict, and the reasons that it was given in spite of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.review.rows import State


@dataclass(frozen=True)
class Reviewed:
    """A verdict on a cluster and the reasons that there were for a look at it."""

    verdict: State = "open"
    reasons: tuple[str, ...] = ()

    def state(self, reasons: Sequence[str]) -> State:
        """The verdict, unless a reason has come up since that it does not know."""
        return self.verdict if set(reasons) <= set(self.reasons) else "open"

    def text(self) -> str:
        """As it is kept in the column `reviewed`."""
        return json.dumps({"verdict": self.verdict, "reasons": list(self.reasons)})


def read(text: str) -> Reviewed:
    """What a column `reviewed` says; empty: nothing yet."""
    if not text:
        return Reviewed()
    found = json.loads(text)
    return Reviewed(found["verdict"], tuple(found["reasons"]))
