"""Masking texts: every place that a kind is found at becomes its name in brackets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from core.errors import ActionError
from core.redact.kinds import KINDS
from core.redact.plain import Span, addresses, emails, urls

_NUMBERS = ("phone", "card")

Finder = Callable[[str], Iterable[Span]]

EXTRA = "redact"
"""The extra that brings phonenumberslite, python-stdnum and detect-secrets."""


class Redactor:
    """Masks texts, and counts what it masked by kind in `masked`. Without a kind it hands texts back as they are.

    Places that touch or overlap are masked as one, under the name of the kind that begins first; of those that begin
    together, the longest. What is masked is told by its form: names, streets and what stands in an image stay.

    Args:
        kinds: Some of `core.redact.kinds.KINDS`.

    Raises:
        ActionError: `no_redaction` when a package for a kind is missing.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        self.masked: Counter[str] = Counter()
        self._finders = [(kind, _finder(kind)) for kind in KINDS if kind in self.kinds]

    def text(self, text: str) -> str:
        """The text with what was found in it masked."""
        if not self._finders or not text:
            return text
        return self._masked(text, self._spans(text))

    def _masked(self, text: str, spans: Iterable[tuple[int, int, str]]) -> str:
        parts, at = [], 0
        for start, end, kind in spans:
            parts += [text[at:start], f"[{kind.upper()}]"]
            self.masked[kind] += 1
            at = end
        return "".join((*parts, text[at:])) if at else text

    def identifier(self, text: str) -> str:
        """An id of a source, which has to stay one: long numbers are no phones and no cards there."""
        found = [span for span in self._spans(text) if span[2] not in _NUMBERS]
        return self._masked(text, found)

    def maybe(self, text: str | None) -> str | None:
        """`text` for what may be missing."""
        return None if text is None else self.text(text)

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        order = {kind: at for at, kind in enumerate(KINDS)}
        found = sorted(
            (
                (start, end, kind)
                for kind, finder in self._finders
                for start, end in finder(text)
                if start < end
            ),
            key=lambda span: (span[0], -span[1], order[span[2]]),
        )
        merged: list[tuple[int, int, str]] = []
        for start, end, kind in found:
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
            else:
                merged.append((start, end, kind))
        return merged


def _finder(kind: str) -> Finder:
    try:
        if kind == "phone":
            import phonenumbers  # noqa: F401

            from core.redact.numbers import phones

            return phones
        if kind == "card":
            import stdnum.luhn  # noqa: F401

            from core.redact.numbers import cards

            return cards
        if kind == "key":
            from core.redact.keys import keys, patterns

            return partial(keys, known=patterns())
    except ImportError as error:
        raise ActionError(
            "no_redaction",
            f"redact={kind} needs the package {(error.name or '').partition('.')[0]}, which is not installed.",
            f"Install the extra: lmsys-tui[{EXTRA}]; or redact=email,ip,url, which need none.",
        ) from None
    return {"email": emails, "url": urls, "ip": addresses}[kind]
