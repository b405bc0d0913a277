"""A log that grows after it was clustered, with a topic in the new part that the old one did not have."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.doors import run_text
from tests.edit_steps import TOPICS

PLANTED = "guitar drum piano violin chord melody bass tune"


def texts_of(words: str, count: int, seed: int) -> list[str]:
    """Texts of four words each."""
    chance = random.Random(seed)
    return [" ".join(chance.sample(words.split(), 4)) for _ in range(count)]


def old_texts() -> list[str]:
    """The log when it was clustered: five topics of forty texts."""
    return [text for at, words in enumerate(TOPICS.values()) for text in texts_of(words, 40, at)]


def more_texts(planted: int = 0) -> list[str]:
    """What is loaded later: as much again of each topic, and so many of a new one."""
    same = [text for at, words in enumerate(TOPICS.values()) for text in texts_of(words, 20, at + 50)]
    return same + texts_of(PLANTED, planted, 99)


def write(log: Path, texts: list[str]) -> None:
    log.write_text(
        "".join(json.dumps({"id": str(at), "text": text}) + "\n" for at, text in enumerate(texts)),
        encoding="utf-8",
    )


def clustered(folder: Path, cluster: str = "run.kmeans k=6 seed=1") -> Path:
    """A workspace of the old texts, clustered, named, in two trees; the log lies beside it."""
    write(folder / "log.jsonl", old_texts())
    ran = run_text(
        folder / "w",
        f"data.load source={folder / 'log.jsonl'} name=log\nembed.run model=lexical\n{cluster}\nsummary.create\n"
        "hierarchy.build levels=3 width=3\nhierarchy.build levels=2 width=3",
    )
    assert ran.code == 0, ran.out
    return folder / "w"


def grow(folder: Path, texts: list[str], *, embed: bool = True) -> None:
    """Load the log again with more at its end, and make the vectors."""
    log = folder.parent / "log.jsonl"
    write(log, [json.loads(line)["text"] for line in log.read_text("utf-8").splitlines()] + texts)
    ran = run_text(
        folder, f"data.load source={log} name=log" + ("\nembed.run model=lexical" if embed else "")
    )
    assert ran.code == 0, ran.out


def own(folder: Path, target: Path) -> Path:
    """A copy of a workspace and its log, to be changed."""
    import shutil

    shutil.copytree(folder.parent, target)
    return target / folder.name


def by_query(rows: list[tuple[Any, ...]]) -> dict[int, int]:
    return dict(rows)
