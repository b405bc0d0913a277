"""The form of a model's answer about one record, or about several by their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import GenericAlias
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, create_model

from core.facets.kinds import Kind, UnfitError

_NUMBER = WithJsonSchema({"type": "integer"})


def _schema_of(kind: Kind) -> dict[str, Any]:
    if kind.name == "scale":
        low, high = kind.scale
        return {"type": "integer", "minimum": low, "maximum": high}
    return {"type": "string", "enum": list(kind.values)} if kind.name == "list" else {"type": "string"}


@cache
def single(kind: Kind) -> type[BaseModel]:
    """The form of an answer about one record: `value`, checked, so that a wrong one is asked for again."""
    checked: Any = Annotated[Any, BeforeValidator(kind.fit), WithJsonSchema(_schema_of(kind))]
    return create_model("FacetValue", value=(checked, Field(description=kind.told)))


@cache
def several(kind: Kind) -> type[BaseModel]:
    """The form of an answer about several records: `answers`, a number and a value each, checked by `values_by_number`.

    One bad value must not cost the others, so the form itself lets any value pass.
    """
    value: Any = Annotated[Any, WithJsonSchema(_schema_of(kind))]
    number: Any = Annotated[Any, _NUMBER]
    numbered = create_model(
        "NumberedValue",
        n=(number, Field(description="The number of a record.")),
        value=(value, Field(description=kind.told)),
    )
    many: Any = GenericAlias(list, (numbered,))
    return create_model("FacetValues", answers=(many, Field(description="One for every record.")))


def values_by_number(answer: Any, kind: Kind, count: int) -> Mapping[int, str]:
    """The values that an answer of the form `several` holds for the records 1 to `count`: none that is wrong or contradicted."""
    found: dict[int, str] = {}
    refuted: set[int] = set()
    for given in answer.answers:
        n = given.n
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= count:
            continue
        try:
            value = kind.fit(given.value)
        except UnfitError:
            continue
        if found.setdefault(n, value) != value:
            refuted.add(n)
    return {n: value for n, value in found.items() if n not in refuted}
