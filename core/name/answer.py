"""What a model says of one cluster, and the name that is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel, Field

from core.llm.forms import Number
from core.llm.prompts import Template, item, within
from core.name.contrast import Shown
from core.name.wording import LIMIT, MISCELLANEOUS, fit, sentence
from core.text import one_line

INSIDE_TOKENS, OUTSIDE_TOKENS = 5000, 2500
"""Tokens of members and of texts outside that one prompt holds at most, about."""

LOW = 2
"""Coherence up to which a title says that there is no one topic."""

PLACES = ("inside", "outside")
"""What stands in a template in braces."""

_DESCRIPTION = 600
_HEAD = re.compile(r"^(?:mixed|miscellaneous|various|cluster|title)\s*:\s*", re.IGNORECASE)


class NameCluster(BaseModel):
    """The name of the cluster of the members."""

    members: list[Number] = Field(
        description="The numbers of the members that the title and description are true of.",
        json_schema_extra={"minItems": 1},
    )
    description: str = Field(
        min_length=1, description="Two sentences in the past tense: what the people asked for."
    )
    coherence_reason: str = Field(description="One sentence: why the coherence is what it is.")
    coherence: Number = Field(
        ge=1, le=5, description="5: one kind of thing; 3: related things; 1: no common topic."
    )
    topics: list[str] = Field(
        default=[], description="Where the coherence is 1 or 2: the topics that are mixed."
    )
    title: str = Field(min_length=1, description="At most eight words, without a full stop.")


@dataclass(frozen=True)
class ModelName:
    """A cluster's name by a model; `cited` are ids of texts that are members, and were shown."""

    title: str
    form: str
    description: str
    coherence: int
    reason: str
    cited: tuple[int, ...]


def filled(template: Template, shown: Shown) -> tuple[str, str, int]:
    """The two parts of the prompt for a cluster, and how many of its members it holds: they have the first numbers."""
    inside = within((item(n, text) for n, (_, text) in enumerate(shown.inside, start=1)), INSIDE_TOKENS)
    outside = within(
        (item(n, text) for n, (_, text) in enumerate(shown.outside, start=len(inside) + 1)), OUTSIDE_TOKENS
    )
    system, user = template.fill({"inside": "\n".join(inside), "outside": "\n".join(outside) or "(none)"})
    return system, user, len(inside)


def unsupported(answer: NameCluster, members: int) -> str:
    """What is wrong with an answer's title or the numbers that it cites, in words for the model; empty: nothing."""
    if not any(sign.isalnum() for sign in words(answer.title)):
        return "The title is empty: it must say in words what is asked for."
    if not answer.members:
        return f"members is empty: it must hold the numbers, from 1 to {members}, of the members that support the title."
    wrong = [number for number in answer.members if not 1 <= number <= members]
    if wrong:
        numbers = ", ".join(str(number) for number in wrong[:10])
        return f"members holds {numbers}: the members have the numbers 1 to {members}, and no others can support the title."
    return ""


def name_of(answer: NameCluster, shown: Shown, members: int) -> ModelName:
    """The name of a cluster; where the model found no one topic, the title says so by its form."""
    form, title = _title(answer)
    cited = sorted({number for number in answer.members if 1 <= number <= members})
    return ModelName(
        title=title,
        form=form,
        description=one_line(answer.description, _DESCRIPTION),
        coherence=answer.coherence,
        reason=one_line(answer.coherence_reason, _DESCRIPTION),
        cited=tuple(shown.inside[number - 1][0] for number in cited),
    )


def _title(answer: NameCluster) -> tuple[str, str]:
    topics = [topic for topic in (words(topic) for topic in answer.topics) if topic]
    title = words(answer.title)
    title = title if any(sign.isalnum() for sign in title) else ""
    if answer.coherence > LOW:
        return "topic", sentence(fit(title, LIMIT)) or "Untitled"
    if len(topics) == 2:
        room = LIMIT - len("Mixed:  and ")
        first = fit(topics[0], max(room - len(topics[1]), room // 2))
        return "mixed", f"Mixed: {first} and {fit(topics[1], room - len(first))}"
    return "miscellaneous", MISCELLANEOUS + fit(
        title or ", ".join(topics) or "no one topic", LIMIT - len(MISCELLANEOUS)
    )


def words(text: str) -> str:
    """A title without what models put around it: quotation marks, a full stop, "Title:"."""
    bare = one_line(text, 200).strip(" \"'“”*_#`")
    bare = _HEAD.sub("", bare).strip(" \"'“”*_#`")
    return bare.rstrip(" .。") if not bare.endswith("...") else bare
