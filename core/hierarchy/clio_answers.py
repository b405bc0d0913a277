"""What a model answers when it builds a tree, and what is wrong with an answer."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, Field

from core.llm.forms import Number
from core.name.answer import words
from core.name.unique import title_key
from core.name.wording import LIMIT, fit, sentence

_TITLE = "At most eight words, without a full stop."


class Theme(BaseModel):
    """A theme that was proposed."""

    title: str = Field(description=_TITLE)
    description: str = Field(default="", description="One sentence: what people asked for.")


class ProposeThemes(BaseModel):
    """Themes for the items."""

    themes: list[Theme] = Field(description="The themes, the widest first.")


class Group(BaseModel):
    """Themes that say the same."""

    numbers: list[Number] = Field(
        description="The numbers of the themes that are one theme; often a single one."
    )
    title: str = Field(default="", description=_TITLE)
    description: str = Field(default="", description="One sentence, where there is more than one number.")


class MergeThemes(BaseModel):
    """The themes without repetitions: each number in exactly one group."""

    groups: list[Group] = Field(description="The groups; together they hold every number once.")


class AssignTheme(BaseModel):
    """The theme that the item belongs to."""

    reason: str = Field(default="", description="One short sentence.")
    theme: Number = Field(description="The number of the theme; 0 where none of them fits.")


class NameTheme(BaseModel):
    """The name of the theme of the items."""

    description: str = Field(
        default="", description="Two sentences in the past tense: what the people asked for."
    )
    title: str = Field(description=_TITLE)


def clean(title: str) -> str:
    """A model's title as the tree shows it; empty where it holds no letter and no digit."""
    bare = sentence(fit(words(title), LIMIT))
    return bare if any(sign.isalnum() for sign in bare) else ""


def bad_proposal(answer: ProposeThemes, least: int, most: int) -> str:
    """What is wrong with proposed themes, in words for the model; empty: nothing."""
    titles = [clean(theme.title) for theme in answer.themes]
    if not least <= len(titles) <= most:
        return f"themes holds {len(titles)} themes: propose from {least} to {most}."
    if "" in titles:
        return "A title is empty: each theme has a title."
    repeated = [title for title, count in Counter(map(title_key, titles)).items() if count > 1]
    return f'Two themes have the title "{repeated[0][:80]}": each theme has its own.' if repeated else ""


def bad_merge(answer: MergeThemes, count: int, least: int, most: int) -> str:
    """What is wrong with groups of `count` themes, in words for the model; empty: nothing."""
    held = Counter(number for group in answer.groups for number in group.numbers)
    if wrong := [number for number in held if not 1 <= number <= count]:
        return f"numbers holds {_listed(wrong)}: the themes have the numbers 1 to {count}."
    if twice := [number for number, times in held.items() if times > 1]:
        return f"{_listed(twice)} stands in more than one group: each number belongs in exactly one."
    if missing := [number for number in range(1, count + 1) if number not in held]:
        return f"{_listed(missing)} stands in no group: each number belongs in exactly one."
    groups = sum(bool(group.numbers) for group in answer.groups)
    return "" if least <= groups <= most else f"There are {groups} groups: make from {least} to {most}."


def bad_assignment(answer: AssignTheme, count: int) -> str:
    """What is wrong with the number of one of `count` themes, in words for the model; empty: nothing."""
    if 0 <= answer.theme <= count:
        return ""
    return f"theme is {answer.theme}: it must be from 1 to {count}, or 0 where none fits."


def bad_name(answer: NameTheme) -> str:
    """What is wrong with the name of a theme, in words for the model; empty: nothing."""
    return "" if clean(answer.title) else "The title is empty."


def _listed(numbers: list[Number]) -> str:
    return ", ".join(str(number) for number in numbers[:10])
