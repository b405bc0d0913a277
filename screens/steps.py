"""The way from nothing to a tree: which steps are done, and which key does the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.registry import REGISTRY
from core.rows import Status
from screens.widgets.spans import Line

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
    """What is done and what to do next, with the keys that do it."""
    lines = [
        Line((("From a chat log to a tree of what people ask for", "strong"),)),
        Line(),
        Line(
            (("A", "key"), (" does all the steps that are missing, starting with the bundled sample", "text"))
        ),
        Line((("  when no log is loaded. Or one by one:", "text"),)),
        Line(),
    ]
    upcoming = next((step for step in steps if not step.done), None)
    for step in steps:
        mark, look = (
            ("\u2713 ", "good") if step.done else ("\u2192 ", "warn") if step is upcoming else ("  ", "dim")
        )
        lines.append(
            Line(
                (
                    (mark, look),
                    (step.key, "key"),
                    (f" {step.title:<20} ", "strong" if step is upcoming else "text"),
                    (step.told, "dim"),
                )
            )
        )
    lines += [
        Line(),
        Line(
            (
                ("L", "key"),
                (" takes a file (JSONL, CSV, Parquet) or hf:NAME;  ", "text"),
                ("?", "key"),
                (" all keys", "text"),
            )
        ),
    ]
    return lines


def steps(status: Status | None) -> list[Step]:
    """The steps of the pipeline; those before the next one are done."""
    upcoming = status.next_step.split(" ", 1)[0] if status is not None else STEPS[0]
    at = STEPS.index(upcoming) if upcoming in STEPS else len(STEPS)
    told = {
        "data.load": "the bundled sample, a file or a dataset of the hub",
        "embed.run": "a vector for each distinct text",
        "run.kmeans": "or H by density, which keeps noise apart",
        "summary.create": "a title and a description each",
        "hierarchy.build": "themes over the clusters",
    }
    if status is not None and status.texts:
        told["data.load"] = f"{status.conversations:,} conversations, {status.texts:,} distinct texts"
    return [
        Step(REGISTRY.get(step).title, (REGISTRY.get(step).keys or (":",))[0], n < at, told[step])
        for n, step in enumerate(STEPS)
    ]
