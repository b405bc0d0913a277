"""What a call costs: a price that is told, the settings' price table, or the bundled one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from core.errors import ActionError

MILLION = 1_000_000

Prices = Mapping[str, tuple[float, float]]
"""Dollars per million tokens sent and received, by what `model=` says."""

_NONE: Prices = MappingProxyType({})


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens; `dated` is when the table was written, else `given` (`price=`), `config` or `local`."""

    sent: float
    received: float
    dated: str

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens sent and received."""
        return (tokens_in * self.sent + tokens_out * self.received) / MILLION

    def halved(self) -> Price:
        """What Message Batches cost."""
        return replace(self, sent=self.sent / 2, received=self.received / 2)


def price_of(provider: str, model: str, given: str | None, own: Prices = _NONE) -> Price | None:
    """The price of a model; `None` where nobody told it.

    Args:
        provider: `anthropic`, `openai`, `ollama` or `compatible`.
        model: Its name there; the longest entry of a table that it begins with counts, so that dated names are found.
        given: `IN,OUT` in dollars per million tokens, in place of both tables.
        own: The table of the settings, which goes before the bundled one.

    Raises:
        ActionError: `bad_price`.
    """
    if given:
        return _given(given)
    said = model if provider == "compatible" else f"{provider}/{model}"
    if (entry := _longest(said, own)) is not None:
        sent, received = own[entry]
        return Price(sent, received, "config")
    if provider == "ollama":
        return Price(0.0, 0.0, "local")
    table = _table()
    models = table["models"].get(provider, {})
    entry = _longest(model, models)
    if entry is None:
        return None
    sent, received = models[entry]
    return Price(sent, received, table["dated"])


def _longest(model: str, names: Iterable[str]) -> str | None:
    """The entry that stands for a model."""
    return max((name for name in names if _is(model, name)), key=len, default=None)


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
