"""How fast, how often and for how much a provider is asked."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ActionError
from core.llm.prices import Price, Prices, price_of
from core.llm.target import Target

MOST_AT_ONCE = 64


@dataclass(frozen=True)
class Pace:
    """The limits that a user sets on one job; `None`: no limit. `price` is told in place of the price table.

    With `batch` questions go into Message Batches, for half the price, within a day; `wait` stays until they have ended.
    With `again` what got nothing but bad answers before is asked anew.
    """

    concurrency: int = 4
    rpm: int | None = None
    tpm: int | None = None
    max_cost: float | None = None
    max_calls: int | None = None
    price: str | None = None
    batch: bool = False
    wait: bool = False
    again: bool = False

    def price_for(self, target: Target, own: Prices) -> Price | None:
        """What these calls cost, half as much in batches; `None` where nobody told the price.

        Args:
            target: Who is asked.
            own: The price table of the settings.

        Raises:
            ActionError: `bad_price`, `no_price`, `bad_limit`, or `no_batch` where the provider takes none.
        """
        if self.batch and target.provider != "anthropic":
            raise no_batch(target.provider)
        price = price_of(target.provider, target.model, self.price, own)
        self.check(price, target.model)
        return price.halved() if price is not None and self.batch else price

    def check(self, price: Price | None, model: str) -> None:
        """Raise `bad_limit` for a limit that is none, `no_batch` for what goes into no batch, and `no_price` where a cost is bounded that nobody can know."""
        whole = {
            "concurrency": self.concurrency,
            "rpm": self.rpm,
            "tpm": self.tpm,
            "max_calls": self.max_calls,
        }
        for name, value in whole.items():
            if value is not None and value < 1:
                raise ActionError(
                    "bad_limit", f"{name}={value} is less than 1.", "Leave it out for no limit."
                )
        if self.batch and self.again:
            raise ActionError(
                "no_batch", "again=true asks at once, not in batches.", "Leave one of them out."
            )
        if self.concurrency > MOST_AT_ONCE:
            hint = f"At most {MOST_AT_ONCE}."
            raise ActionError("bad_limit", f"concurrency={self.concurrency} is too many at once.", hint)
        if self.max_cost is not None and not self.max_cost > 0:
            raise ActionError(
                "bad_limit", f"max_cost={self.max_cost:g} is not above 0.", "Give it in dollars."
            )
        if self.max_cost is not None and price is None:
            hint = "Give price=SENT,RECEIVED in dollars per million tokens, or max_calls=."
            raise ActionError(
                "no_price", f"The price of {model} is not known, so max_cost= cannot hold.", hint
            )


def no_batch(provider: str) -> ActionError:
    """What is told where batches are asked of a provider that takes none."""
    return ActionError(
        "no_batch", f"{provider} takes no batches here.", "Leave batch= out, or use model=anthropic/NAME."
    )
