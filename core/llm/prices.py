"""What a call costs: the bundled price table, or prices of the user's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from core.errors import ActionError

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens; `dated` is when the table was written, or `given`."""

    sent: float
    received: float
    dated: str

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens sent and received."""
        return (tokens_in * self.sent + tokens_out * self.received) / MILLION


def price_of(provider: str, model: str, given: str | None) -> Price | None:
    """The price of a model; `None` where nobody told it.

    Args:
        provider: `anthropic`, `openai`, `ollama` or `compatible`.
        model: Its name there; the longest entry of the table that it begins with counts, so that dated names are found.
        given: `IN,OUT` in dollars per million tokens, in place of the table.

    Raises:
        ActionError: `bad_price`.
    """
    if given:
        return _given(given)
    if provider == "ollama":
        return Price(0.0, 0.0, "local")
    table = _table()
    known = [name for name in table["models"].get(provider, {}) if _is(model, name)]
    if not known:
        return None
    sent, received = table["models"][provider][max(known, key=len)]
    return Price(sent, received, table["dated"])


def _is(model: str, name: str) -> bool:
    """Whether `model` is `name` or a dated or `latest` form of it: `gpt-4.1` must not be taken for `gpt-4`."""
    rest = model.removeprefix(name)
    if rest == model and model != name:
        return False
    return rest in ("", "-latest", "-0") or (rest[0] in "-@" and rest[1:5].isdigit())


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads(files("core.data").joinpath("prices.json").read_text(encoding="utf-8")))


def _given(text: str) -> Price:
    try:
        sent, received = (float(part) for part in text.split(","))
    except ValueError:
        sent = received = -1.0
    if not (0 <= sent < float("inf") and 0 <= received < float("inf")):
        raise ActionError(
            "bad_price",
            f"price={text[:40]} is not two prices.",
            "Write dollars per million tokens sent and received, such as price=3,15.",
        )
    return Price(sent, received, "given")
