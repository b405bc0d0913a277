"""Times as chat logs write them, brought to one form."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d{9,}(\.\d+)?")
_ZONE_WORD = re.compile(r"\s*(?:UTC|GMT|[zZ])$")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_HALF = re.compile(r"(?<=\d)\s*([aApP])\.?[mM]\b\.?")
"""A time of half a day, as 10:00 PM."""
_DOTTED = re.compile(r"^(\d\d)\.(\d\d)\.(\d{4})(?!\d)")
"""A date with dots: the day comes first wherever it is written so."""
_OFFSET = re.compile(r"\s*\b(?:GMT|UTC)(?=[+-]\d{4})")
"""What JavaScript writes before an offset, as GMT+0200 (CEST), and the reader of mail takes for the whole zone."""
_FIRST_EPOCH = 1e8
"""Smaller numbers (before March 1973) are counters or years, not times of a chat."""
_UNITS = ((1e11, 1), (1e14, 10**3), (1e17, 10**6), (1e20, 10**9))
"""A number below the first figure counts units of which the second figure make a second."""


def to_utc(value: object) -> str | None:
    """A time as UTC ISO 8601 with `Z`, or None where `value` is none.

    Understood are `datetime` and `date` values, ISO 8601 and RFC 2822 strings, also with AM or PM or as 31.12.2023, and numbers (also as strings)
    counting seconds, milli-, micro- or nanoseconds since 1970, told apart by size. A time without a zone is
    taken as UTC. The fraction of a second stays where it is not zero.
    """
    try:
        moment = _moment(value)
        return None if moment is None else _written(moment)
    except (ValueError, OverflowError, TypeError):
        return None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if isinstance(value, str):
        return _from_text(value.strip())
    return None


def _from_epoch(number: int | float) -> datetime | None:
    if not math.isfinite(number) or abs(number) < _FIRST_EPOCH:
        return None
    for limit, per_second in _UNITS:
        if abs(number) < limit:
            if isinstance(number, int):
                return _EPOCH + timedelta(microseconds=number * 10**6 // per_second)
            return _EPOCH + timedelta(microseconds=round(number * 10**6 / per_second))
    return None


def _from_text(text: str) -> datetime | None:
    if not text or len(text) > 64:
        return None
    if _NUMBER.fullmatch(text):
        return _from_epoch(float(text) if "." in text else int(text))
    half = _HALF.search(text)
    if half is not None:
        moment = _from_text(text[: half.start()] + text[half.end() :])
        if moment is None or moment.hour > 12:
            return moment
        return moment.replace(hour=moment.hour % 12 + (12 if half[1] in "pP" else 0))
    text = _DOTTED.sub(r"\3-\2-\1", text)
    iso = _FRACTION.sub(r"\1", text.replace("/", "-") if text[4:5] == "/" else text)
    bare, zoned = _ZONE_WORD.subn("", iso)
    try:
        return datetime.fromisoformat(bare + "+00:00" if zoned and (":" in bare or "T" in bare) else bare)
    except ValueError:
        return parsedate_to_datetime(_OFFSET.sub(" ", text))


def _written(moment: datetime) -> str | None:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not 1970 <= moment.year < 2200:
        return None
    # A timestamp of pandas would write nanoseconds.
    return datetime.isoformat(moment.replace(tzinfo=None)) + "Z"
