"""What `where=` says: conditions on facets and on fields of the log, all of which must hold.

    conditions  = condition {"," condition}
    condition   = name operator [value {"|" value}]
    operator    = "=" | "!=" | "<" | "<=" | ">" | ">="

`task=coding|debugging` is one or the other; `task=` is no value, `task!=` any value; `<` and its like compare numbers, and
times: `day>=2023-5-1`, `week<=2023-W20`, `month>2023`. A value that holds a comma, a bar or a quotation mark stands in double quotes, in which "" is a quotation mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from core.errors import ActionError
from core.facets.fields import CLUSTER, find_field
from core.facets.kinds import UnfitError, kept_kind
from core.lookup import RunInfo, unknown
from db.columns import Column, Condition, Operator
from db.facet_codes import Scalar
from db.facet_counts import distinct_values, has_value
from db.facets import FacetInfo
from db.workspace import Workspace

LONGEST, MOST = 4_000, 20
"""Characters of the whole, and conditions in it."""

_HEAD = re.compile(r"\s*(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*(?P<operator>!=|<=|>=|=|<|>)\s*")
_VALUE = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",|]*))\s*(?P<end>[,|]|$)\s*')
_NEAR = 2_000
"""So many values are looked through for those that were meant."""

_DATES = ("day", "week", "month")


def conditions(
    workspace: Workspace, dataset_id: int, run: RunInfo | None, where: str | None
) -> tuple[Condition, ...]:
    """The conditions that `where=` says, found in the store.

    Raises:
        ActionError: `bad_where`, `bad_window`, `unknown_facet` or `unknown_value`; `no_run` for `cluster` where there is no run.
    """
    if where is None or not where.strip():
        return ()
    return tuple(
        condition(workspace, dataset_id, run, name, operator, values)
        for name, operator, values in _parsed(where)
    )


def _parsed(where: str) -> list[tuple[str, Operator, list[str]]]:
    if len(where) > LONGEST:
        raise _bad(where, f"it has more than {LONGEST:,} characters")
    found: list[tuple[str, Operator, list[str]]] = []
    at = 0
    while at < len(where):
        head = _HEAD.match(where, at)
        if head is None:
            raise _bad(where[at:], "a condition is NAME=VALUE")
        values: list[str] = []
        at = head.end()
        while True:
            value = _VALUE.match(where, at)
            if value is None:
                raise _bad(
                    where[at:], "a value with a comma, a bar or a quotation mark stands in quotation marks"
                )
            quoted = value["quoted"]
            values.append(value["plain"].strip() if quoted is None else quoted.replace('""', '"'))
            at = value.end()
            if value["end"] != "|":
                break
        operator = next(known for known in get_args(Operator) if known == head["operator"])
        found.append((head["name"], operator, [] if values == [""] else values))
        if value["end"] == "," and at == len(where):
            raise _bad(where, "it ends with a comma")
    if len(found) > MOST:
        raise _bad(where, f"it has more than {MOST} conditions")
    return found


def condition(
    workspace: Workspace,
    dataset_id: int,
    run: RunInfo | None,
    name: str,
    operator: Operator,
    values: list[str],
) -> Condition:
    """One condition, found in the store; several values are alternatives.

    Raises:
        ActionError: As `conditions`.
    """
    column, facet = find_field(workspace, dataset_id, run, name)
    if operator in ("=", "!="):
        found = [_value(workspace, dataset_id, column, facet, value) for value in values]
        return Condition(column, operator, tuple(found))
    if len(values) != 1:
        raise _bad(name + operator, "it compares with one value")
    if column.numeric and name != CLUSTER:
        number = _number(values[0])
        if number is None:
            raise _bad(f"{name}{operator}{values[0]}", "it compares numbers")
        return Condition(column, operator, (number,))
    if column.name in _DATES and facet is None:
        return Condition(column, operator, (bound(column.name, operator, values[0]),))
    why = "only numbers and dates can be compared"
    if facet is not None:
        why += ", and a facet is a number where it was made with values=1-5 or the like"
    raise _bad(f"{name}{operator}{values[0]}", why)


def _value(
    workspace: Workspace, dataset_id: int, column: Column, facet: FacetInfo | None, written: str
) -> Scalar:
    """A value as the store has it; one of text may be written in another case."""
    if facet is not None and facet.kind != "text":
        kind = kept_kind(facet.kind, facet.values)
        try:
            value = kind.fit(written)
        except UnfitError as error:
            raise unknown("value", written, list(facet.values), f"{facet.name}: {error}") from None
        return int(value) if column.numeric else value
    if column.numeric:
        number = _number(written)
        if number is None:
            raise ActionError(
                "unknown_value",
                f"{column.name} is a number, and {written[:40]!r} is none.",
                "Write a whole number; in the text of a search also :>=3 or :<3, in where= >=3 or <3.",
            )
        return number
    if column.bands:
        if written.casefold() in column.bands:
            return written.casefold()
        raise unknown("value", written, list(column.bands), f"{column.name}: {', '.join(column.bands)}.")
    if column.name == "week" and facet is None and re.fullmatch(r"\d{4}-W\d{2}", written):
        written = bound("week", "=", written)
    if has_value(workspace, column, dataset_id, written):
        return written
    known = distinct_values(workspace, column, dataset_id, _NEAR)
    return next(_alike(written, known), None) or _none(column, written, known)


def _alike(written: str, known: list[str]) -> Iterator[str]:
    return (value for value in known if value.casefold() == written.casefold())


def _none(column: Column, written: str, known: list[str]) -> str:
    listed = ", ".join(value[:60] for value in known[:8]) or "none"
    raise unknown("value", written, known, f"{column.name}, most frequent: {listed}.")


def bound(name: str, operator: Operator, written: str, field: str | None = None) -> str:
    """What the column `name` is compared with: the first day of a day, week, month or year, or behind it the last one.

    Args:
        name: `day`, `week` or `month`.
        operator: How it is compared.
        written: The words of the user.
        field: What it is called in an error, where it is not the column.

    Raises:
        ActionError: `bad_window`.
    """
    from core.trends.periods import day_text, read_window

    window = read_window(re.sub(r"-(\d)(?!\d)", r"-0\1", written), field or name)
    day = day_text(window.last if operator in (">", "<=") else window.first)
    return day[:7] if name == "month" else day


def _number(written: str) -> int | None:
    return int(written) if re.fullmatch(r"\s*-?\d{1,18}\s*", written) else None


def _bad(where: str, why: str) -> ActionError:
    return ActionError(
        "bad_where",
        f"where={where[:60]!r} cannot be read: {why}.",
        "Write where='task=coding|debugging,concern>=4'; task!=other, task= (no value).",
    )
