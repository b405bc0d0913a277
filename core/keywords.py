"""Words that Python keeps for itself and that scripts use: a parameter `from_` is called `from` there."""

from __future__ import annotations

import functools
import keyword
from collections.abc import Callable
from typing import Any


def plain(name: str) -> str:
    """The name of a parameter in scripts."""
    return name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name


def by_plain_names(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under the names of scripts; itself where they are its own."""
    spelt = {plain(name): name for name in function.__annotations__ if plain(name) != name}
    if not spelt:
        return function

    @functools.wraps(function)
    def called(*arguments: Any, **params: Any) -> Any:
        return function(*arguments, **{spelt.get(name, name): value for name, value in params.items()})

    return called
