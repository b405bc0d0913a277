"""E-mail addresses, links and IP addresses: what the standard library and a pattern can tell."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

Span = tuple[int, int]
"""Where something stands in a text: its first character, and the one after its last."""

_EMAIL = re.compile(
    # The lengths are those that RFC 5321 allows, and keep the search linear.
    r"(?<![\w.+%-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_][\w-]{1,62}(?![\w@])"
)
_EMAIL_IN_WORDS = re.compile(
    r"(?<!\w)[\w.+-]{1,64} ?[\[({] ?(?:at|@) ?[\])}] ?[\w-]{1,63}(?: ?[\[({] ?(?:dot|\.) ?[\])}] ?[\w-]{2,63}|\.[\w-]{2,63}){1,4}",
    re.IGNORECASE,
)
_EMAIL_STARTS = re.compile(r"[@\[({]")
_URL = re.compile(
    r"(?<![\w])(?:(?:https?|ftps?|wss?|ssh|file|mailto)://?|www\.)[^\s<>\"'`\\]{2,2000}", re.IGNORECASE
)
_URL_TAIL = ".,;:!?*_"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_IPV4 = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-f]{0,4}:[0-9a-f:]{0,38}:?)[0-9a-f:]{2,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?:\bv|\bver|version|release|build|chapter|section|§)\.?:? ?$", re.IGNORECASE)


def emails(text: str) -> Iterator[Span]:
    """Addresses, also those with `[at]` and `[dot]` in them."""
    if not _EMAIL_STARTS.search(text):
        return
    for pattern in (_EMAIL, _EMAIL_IN_WORDS):
        for match in pattern.finditer(text):
            yield match.span()


def urls(text: str) -> Iterator[Span]:
    """Links with a scheme or after `www.`, without the punctuation of the sentence round them."""
    for match in _URL.finditer(text):
        found = match.group()
        while found and (found[-1] in _URL_TAIL or _closes(found)):
            found = found[:-1]
        yield match.start(), match.start() + len(found)


def _closes(found: str) -> bool:
    """Whether a link ends with a bracket that was opened before it."""
    opening = _BRACKETS.get(found[-1])
    return opening is not None and found.count(found[-1]) > found.count(opening)


def addresses(text: str) -> Iterator[Span]:
    """IP addresses of both versions; four numbers after a word such as `version` are none."""
    for match in _IPV4.finditer(text):
        if _is_address(match[1]) and not _VERSION.search(text, max(match.start() - 12, 0), match.start()):
            yield match.span()
    for match in _IPV6.finditer(text):
        found = match.group()
        # Two colons are an operator in many languages, and `::1` and `::` tell nobody's address.
        if found.count(":") >= 2 and len(found) > 4 and _is_address(found) and re.search(r"\d", found):
            yield match.span()


def _is_address(found: str) -> bool:
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return True
