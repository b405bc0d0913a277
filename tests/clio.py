"""Trees by a model from a test: generated clusters, faults of every kind, and a build in a process that can be killed."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.hierarchy import clio
from core.hierarchy.clio_order import prepare
from core.hierarchy.request import TreeRequest
from core.hierarchy.rows import ClioMade
from core.llm.asking import Manner
from core.llm.pace import Pace
from core.session import Session
from db.invariants import violations
from tests.doors import NOW, run_text
from tests.messages_server import Fault, MessagesServer, Seen, good_answer
from tests.naming import MODEL, opened, quick, rows

TOPICS = (
    "python java poetry recipes travel history physics algebra medicine law finance chess music film gardening football"
    " translation grammar biology chemistry astronomy painting cooking robots"
).split()
ASKS = "explain write compare summarise improve list plan check invent draft".split()


def generated(folder: Path, clusters: int) -> Path:
    """A workspace with so many clusters of generated queries: 25 subjects, each in many parts that share its words."""
    chance = random.Random(5)
    log = folder.with_name(folder.name + ".jsonl")
    lines = []
    for number in range(clusters):
        topic, other = TOPICS[number % len(TOPICS)], TOPICS[number * 7 % len(TOPICS)]
        part = f"{topic}{chr(97 + number // len(TOPICS) % 26)}{number // len(TOPICS)}"
        for ask in chance.sample(ASKS, 2 + number % 2):
            text = f"{ask} {topic} {part} {part} {other if number % 5 == 0 else topic}"
            lines.append(json.dumps({"id": f"{len(lines)}", "text": text}))
    log.write_text("\n".join(lines), encoding="utf-8")
    ran = run_text(
        folder,
        f"data.load source={log} name=generated\nembed.run model=lexical\n"
        f"run.kmeans k={clusters} seed=1\nsummary.create\n",
    )
    assert ran.code == 0, ran.out + ran.err
    log.unlink()
    return folder


def request(base_url: str, **more: Any) -> TreeRequest:
    """The parameters of a tree by the server's model; those of the pace among them."""
    pace = {name: more.pop(name) for name in list(more) if name in Pace.__dataclass_fields__}
    usual: dict[str, Any] = {
        "run": None, "set": None, "method": "clio", "levels": 3, "width": None, "model": MODEL, "votes": 1, "prompts": None,
    }  # fmt: skip
    return TreeRequest(base_url=base_url, pace=Pace(**pace), **(usual | more))


def tree(
    folder: Path,
    server: MessagesServer,
    *,
    timeout: float = 5.0,
    cancelled: Callable[[], bool] | None = None,
    **more: Any,
) -> ClioMade:
    """Build a tree over the newest run by the server, with waits that a test can wait for; the store is sound after it."""
    session = opened(folder, cancelled)
    with session.workspace.connection():
        asked = request(server.url, **more)
        made = clio.build(prepare(session, asked), asked.pace, Manner(timeout, quick()))
        assert violations(session.workspace) == []
    return made


def dump(folder: Path, name: str) -> list[tuple[Any, ...]]:
    """A tree as it is stored, but for what numbers and names it in its store."""
    (tree_id,) = rows(folder, "SELECT id FROM hierarchy WHERE name = ?", name)[0]
    return [
        *rows(
            folder,
            "SELECT method, parameters, levels, created_at, status, cost FROM hierarchy WHERE id = ?",
            tree_id,
        ),
        *rows(
            folder,
            'SELECT "key", parent, position, level, kind, cluster, title, description, fit, low_fit, coherence, size'
            ' FROM node WHERE hierarchy_id = ? ORDER BY "key"',
            tree_id,
        ),
        *rows(
            folder,
            'SELECT "key", prompt_hash, attempt, problem, placed FROM node_origin WHERE hierarchy_id = ? ORDER BY "key"',
            tree_id,
        ),
    ]


def drawn(seen: Seen, salt: str) -> float:
    """A number from 0 to 1 that follows from what is asked, so that the same question always fares alike."""
    return int(hashlib.sha256(f"{salt}{seen.asked}".encode()).hexdigest()[:8], 16) / 16**8


PASSING = (
    Fault("status", 429, retry_after="0.02"), Fault("status", 529), Fault("timeout", seconds=0.5), Fault("cut"), Fault("malformed"),
)  # fmt: skip
ANSWERED = ("wrong_types", "cut_off", "refusal", "empty")
TWISTS = ("dots", "duplicates", "nothing", "skewed", "out_of_range")


def twisted(answer: dict[str, Any], how: str) -> dict[str, Any]:
    """A good answer about a tree, spoilt: the form stays right, what it says does not."""
    themes = answer.get("themes")
    if how == "dots":
        for part in (answer, *(themes or ()), *answer.get("groups", ())):
            if "title" in part:
                part["title"] = f'"{part["title"]}."'
    elif how == "duplicates":
        for part in (answer, *(themes or ()), *answer.get("groups", ())):
            if "title" in part:
                part["title"] = "Questions"
    elif how == "nothing":
        for name in ("themes", "groups"):
            if name in answer:
                answer[name] = []
        if "theme" in answer:
            answer["theme"] = 0
    elif how == "skewed":
        if "groups" in answer:
            numbers = [n for group in answer["groups"] for n in group["numbers"]]
            answer["groups"] = [{"numbers": numbers, "title": "Everything", "description": ""}]
        if "theme" in answer:
            answer["theme"] = 1
    elif how == "out_of_range":
        if "groups" in answer:
            answer["groups"][0]["numbers"] += [0, 900]
        if "theme" in answer:
            answer["theme"] = 901
    return answer


def faulty(server: MessagesServer, share: float, seed: int = 3, *, passing: bool = True) -> None:
    """Let the server spoil that share of its answers: half before they arrive, half in what they say."""
    chance = random.Random(seed)

    def choose(_: int, seen: Seen) -> Fault | None:
        if drawn(seen, f"kind{seed}") < share / 4:
            return Fault(ANSWERED[int(drawn(seen, f"which{seed}") * len(ANSWERED))])
        return chance.choice(PASSING) if passing and chance.random() < share / 2 else None

    def answer(seen: Seen) -> dict[str, Any]:
        said = good_answer(seen)
        if drawn(seen, f"twist{seed}") < share / 4:
            return twisted(said, TWISTS[int(drawn(seen, f"how{seed}") * len(TWISTS))])
        return said

    server.choose, server.answer = choose, answer


def main(folder: str, url: str, concurrency: str) -> None:
    """Build one tree and print what became of it."""
    session = Session(Path(folder), clock=lambda: NOW, actor="tester")
    with session.workspace.connection():
        asked = request(url, concurrency=int(concurrency))
        made = clio.build(prepare(session, asked), asked.pace, Manner(10.0, quick()))
    print(made.status, made.calls)


if __name__ == "__main__":
    main(*sys.argv[1:4])
