"""The way from nothing to a tree: which steps are done, and which key does the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.registry import REGISTRY
from core.rows import Status
from screens.widgets.spans import Line, wrap

STEPS = ("data.load", "embed.run", "run.kmeans", "summary.create", "hierarchy.build")
"""The actions that lead from nothing to a tree, in order."""


@dataclass(frozen=True)
class Step:
    """A step of the pipeline: what it does, its key, whether it is done."""

    title: str
    key: str
    done: bool
    told: str


def steps_lines(steps: Sequence[Step]) -> list[Line]:
    """What is done and what to do next, with the keys that do it; no line is wider than 52 cells."""
    lines = [
        Line((("From a chat log to a tree of what people ask for", "strong"),)),
        Line(),
        Line((("A", "key"), (" does every step that is missing; without a log", "text"))),
        Line((("  it takes the bundled sample. Or one by one:", "text"),)),
        Line(),
    ]
    upcoming = next((step for step in steps if not step.done), None)
    for step in steps:
        here = step is upcoming
        mark, look = ("\u2713 ", "good") if step.done else ("\u2192 ", "warn") if here else ("  ", "dim")
        title = (f" {step.title:<19} ", "strong" if here else "text")
        lines.append(Line(((mark, look), (step.key, "key"), title, (step.told, "dim"))))
    return [
        *lines,
        Line(),
        Line((("L", "key"), (" takes JSONL, CSV, Parquet, or hf:NAME", "text"))),
        Line((("?", "key"), (" shows all keys and actions", "text"))),
    ]


def steps(status: Status | None) -> list[Step]:
    """The steps of the pipeline; those before the next one are done."""
    upcoming = status.next_step.split(" ", 1)[0] if status is not None else STEPS[0]
    at = STEPS.index(upcoming) if upcoming in STEPS else len(STEPS)
    told = {
        "data.load": "sample, file or hub dataset",
        "embed.run": "a vector for each text",
        "run.kmeans": "or H: by density",
        "summary.create": "titles and descriptions",
        "hierarchy.build": "themes over clusters",
    }
    if status is not None and status.texts:
        told["data.load"] = f"{status.conversations:,} chats, {status.texts:,} texts"
    return [
        Step(REGISTRY.get(step).title, (REGISTRY.get(step).keys or (":",))[0], n < at, told[step])
        for n, step in enumerate(STEPS)
    ]


def welcome_lines(width: int) -> list[Line]:
    """What the detail pane is for, as long as there is nothing to show."""
    told = (
        "What the cursor of the tree is on is explained here: of a theme its clusters; of a cluster its phrases, its"
        " most typical queries, those at its border, its neighbours, and all of its queries. Enter on a query reads"
        " the conversation."
    )
    return [Line(((part, "dim"),)) for part in wrap(told, width)]
