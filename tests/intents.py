"""A log whose intents are known, so that what is measured of it is, too."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.doors import run_text

TOPICS = {
    "cooking": ("bake bread", "roast chicken", "boil pasta"),
    "code": ("python function", "sql query", "javascript array"),
    "travel": ("train ticket", "hotel room", "visa form"),
}
WORDS = (
    "today",
    "please",
    "quickly",
    "for two",
    "at home",
    "again",
    "tonight",
    "now",
    "with a friend",
    "at noon",
)


def intents(folder: Path) -> Path:
    """A workspace of 90 queries of nine intents in three domains, clustered, named and in a tree.

    Their metadata has the true labels (`truth.intent`, `truth.domain`), others by `chance`, and `some` for two thirds.
    """
    lines, chance = [], random.Random(0)
    for domain, intents in TOPICS.items():
        for intent in intents:
            for word in WORDS:
                lines.append(
                    {"text": f"{intent} {word} {intent}", "truth": {"intent": intent, "domain": domain}}
                )
    shuffled = [line["truth"]["intent"] for line in lines]
    chance.shuffle(shuffled)
    for at, (line, label) in enumerate(zip(lines, shuffled, strict=True)):
        line["chance"] = label
        line["some"] = label if at % 3 else None
    log = folder / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    ran = run_text(
        folder / "w",
        f"data.load source={log} name=made\nembed.run model=lexical\nrun.kmeans k=9 seed=1\nsummary.create\n"
        "hierarchy.build levels=2 width=3",
    )
    assert ran.code == 0, ran.err
    return folder / "w"
