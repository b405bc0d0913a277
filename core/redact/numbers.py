"""Numbers of phones, by Google's libphonenumber, and of cards and accounts, by their check digits (python-stdnum)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.redact.plain import Span

REGIONS = ("US", "GB", "DE", "FR", "IN", "BR", "AU")
"""Where a number without a country code may be from, in this order."""

_DIGITS = re.compile(r"(?:\d[^\d\n]{0,4}){6}\d")
_PHONE_SHAPE = re.compile(r"[()\s./-]")
_SAYS_PHONE = re.compile(
    r"(?:phone|tel|telephone|mobile|cell|call|text|sms|fax|whatsapp|telegram|signal|ring|dial|contact|reach|number is|nummer"
    r"|handy|telefon|téléphone|teléfono|celular|móvil|telefone|电话|手机|電話|тел|телефон)\w*\W{0,3}(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_SAYS_ELSE = re.compile(
    r"(?:order|invoice|ticket|case|ref|reference|isbn|issn|id|serial|sku|part|version|item|tracking|account|pin|zip|code|no\."
    r"|port|seed|line|lines|rows?|price|cost|total|\$|€|£|0x|#)\W{0,3}(?:(?:is|number|no|nr)\W{0,3})?$",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w]|[.-]\d)")
_CARD_BRANDS = re.compile(
    # Visa, Mastercard, American Express, Discover, JCB, Diners, Maestro and UnionPay, by their first digits (ISO/IEC 7812).
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|(?:50|5[6-9]|6\d)\d{10,17}|62\d{14,17}"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)", re.IGNORECASE)


def phones(text: str) -> Iterator[Span]:
    """Phone numbers: with a country code anywhere; without one where they are valid and written as numbers are there.

    Digits alone count only where a word such as `call` stands before them, and none count after `order` and the like.
    """
    if not _DIGITS.search(text):
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in (None, *REGIONS):
        for match in PhoneNumberMatcher(
            text, region, Leniency.VALID if region is None else Leniency.STRICT_GROUPING
        ):
            before = text[max(match.start - 40, 0) : match.start]
            if region is None or _believable(match.raw_string, before, region):
                yield match.start, match.end
    yield from _said(text)


def _believable(found: str, before: str, region: str) -> bool:
    if _SAYS_ELSE.search(before):
        return False
    if _SAYS_PHONE.search(before):
        return True
    # Short groups of digits with blanks between them are tables and lists more often than numbers of a phone.
    return region in ("US", "GB", "FR") and bool(_PHONE_SHAPE.search(found)) and found[0] in "(0123456789"


_LOOSE = re.compile(r"(?<![\w.])\(?\+?\d[\d ()./-]{5,17}\d(?!\w)")


def _said(text: str) -> Iterator[Span]:
    """What a text itself calls a phone number, whatever its country."""
    for match in _LOOSE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        before = text[max(match.start() - 40, 0) : match.start()]
        if 7 <= len(digits) <= 15 and _SAYS_NUMBER.search(before):
            yield match.span()


_SAYS_NUMBER = re.compile(
    r"(?:phone|tel|telephone|mobile|cell|fax|whatsapp|telefon|téléphone|teléfono|celular|móvil|telefone|handy|电话|手机|電話|тел|телефон)"
    r"(?: ?(?:number|no|nr|nummer|is))*\W{0,3}$",
    re.IGNORECASE,
)


def cards(text: str) -> Iterator[Span]:
    """Numbers of payment cards (brand, length and Luhn's digit are right) and IBANs (length and check digits are right)."""
    found = list(_CARD.finditer(text))
    accounts = list(_IBAN.finditer(text))
    if not found and not accounts:
        return
    from stdnum import iban, luhn

    for match in found:
        digits = re.sub(r"\D", "", match.group())
        if _CARD_BRANDS.fullmatch(digits) and luhn.is_valid(digits) and len(set(digits)) > 1:
            yield match.span()
    for match in accounts:
        # What follows an account in the text may look like more of it.
        words = match.group().split(" ")
        for count in range(len(words), 0, -1):
            head = " ".join(words[:count])
            if iban.is_valid(head, check_country=False):
                yield match.start(), match.start() + len(head)
                break
