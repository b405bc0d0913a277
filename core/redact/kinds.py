"""What can be masked, and how a person asks for it."""

from __future__ import annotations

from core.errors import ActionError

KINDS = ("email", "phone", "key", "card", "ip", "url")
"""`email`: addresses; `phone`: numbers, international or national; `key`: keys, tokens and passwords; `card`: cards of
payment and IBANs; `ip`: addresses of both versions; `url`: links and host names after `www.`."""


def read_kinds(asked: str | None) -> tuple[str, ...]:
    """The kinds that `redact=` asks for, in the order of `KINDS`: names with commas between them, `all` or `none`.

    Raises:
        ActionError: `bad_redact`.
    """
    words = [word.strip().lower() for word in (asked or "none").split(",")]
    if words == ["none"]:
        return ()
    if words == ["all"]:
        return KINDS
    for word in words:
        if word not in KINDS:
            raise ActionError(
                "bad_redact",
                f"redact={word[:40]!r} is no kind of text that can be masked.",
                f"Name some of {', '.join(KINDS)} with commas between them, or all, or none.",
            )
    return tuple(kind for kind in KINDS if kind in words)
