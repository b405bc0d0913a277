"""Which model at which provider, with which key: what `model=` and `base_url=` say."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from core.errors import ActionError
from core.llm.prices import price_of

Provider = Literal["anthropic", "openai", "ollama", "compatible"]

PROVIDERS: dict[str, tuple[str, str | None]] = {
    "anthropic": ("https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "ollama": ("http://127.0.0.1:11434/v1", None),
}
"""Where each provider is reached, and the variable that holds its key."""

_KEYLESS = "none"
"""Sent where a server of one's own asks for no key; the client wants one."""

_SECRET = 8
"""Letters from which on a key is one: servers of one's own are given "x" or "EMPTY", which stand in many an answer."""


@dataclass(frozen=True)
class Target:
    """A model at a provider. The key is never shown, stored or compared."""

    provider: Provider
    model: str
    base_url: str
    key: str | None = field(default=None, repr=False, compare=False)

    def hide(self, text: str) -> str:
        """`text` without the key, should a provider echo it, also where JSON writes some of its letters as numbers."""
        if not self.key or len(self.key) < _SECRET:
            return text
        letters = (rf"(?:{re.escape(sign)}|\\u00(?i:{ord(sign):02x}))" for sign in self.key)
        return re.sub("".join(letters), "[key]", text)


def find_target(model: str, base_url: str | None) -> Target:
    """What `model=` names, without a key: `anthropic/NAME`, `openai/NAME`, `ollama/NAME`; with `base_url=` any name.

    Raises:
        ActionError: `unknown_model` or `bad_base_url`.
    """
    head, _, name = model.partition("/")
    if base_url is not None:
        _check_url(base_url)
    if head in PROVIDERS and name:
        provider: Provider = head  # type: ignore[assignment]
        return Target(provider, name, base_url or PROVIDERS[head][0])
    if base_url is not None and model.strip():
        return Target("compatible", model, base_url)
    raise ActionError(
        "unknown_model",
        f"model={model[:80]} names no model of a provider.",
        "Use anthropic/NAME, openai/NAME or ollama/NAME, or any name with base_url=; names need none with model=local.",
        _meant(model),
    )


def with_key(target: Target) -> Target:
    """The target with its key from the environment; a server of one's own may need none.

    Raises:
        ActionError: `no_key` or `bad_key`.
    """
    variable = PROVIDERS.get(target.provider, ("", "OPENAI_API_KEY"))[1]
    key = os.environ.get(variable, "").strip() if variable else ""
    own = target.provider == "compatible" or (
        target.provider == "openai" and target.base_url != PROVIDERS["openai"][0]
    )
    if not key and variable and not own:
        raise ActionError(
            "no_key",
            f"{variable} is not set, and {target.provider} answers nobody without a key.",
            f"export {variable}=..., or use model=local, which needs no key.",
        )
    if not all("!" <= letter <= "~" for letter in key):
        # Clients put such a value into their error messages.
        hint = "Copy it again, without quotation marks or spaces."
        raise ActionError("bad_key", f"{variable} holds characters that no key has.", hint)
    return Target(target.provider, target.model, target.base_url, key or _KEYLESS)


def _meant(model: str) -> tuple[str, ...]:
    """What may have been meant: the provider misspelt, or left out before a model of the price table."""
    head, _, name = model.partition("/")
    if name:
        return tuple(f"{near}/{name}"[:80] for near in difflib.get_close_matches(head, PROVIDERS, 1))
    owners = (owner for owner in PROVIDERS if owner != "ollama" and price_of(owner, model, None) is not None)
    return tuple(f"{owner}/{model}" for owner in owners) or tuple(
        difflib.get_close_matches(head, ("local",), 1)
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        hint = "Write it as http://HOST:PORT/v1, or https://..."
        raise ActionError("bad_base_url", "base_url= is not an http address.", hint)
    if parts.username or parts.password or parts.query:
        # It is stored with the names; a secret in it would be, too.
        variables = "ANTHROPIC_API_KEY or OPENAI_API_KEY"
        raise ActionError(
            "bad_base_url", "base_url= holds a user, password or query.", f"Put the key in {variables}."
        )
