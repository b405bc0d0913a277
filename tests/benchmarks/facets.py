"""Whether counts of a big store are right, and how fast: `python -m tests.benchmarks.facets [ROWS [FOLDER]]`; the folder is kept.

Every built-in facet, a facet that was made and the clusters are counted under filters that keep 0.1 %, 5 %, 50 % and all of
the rows, by words, phrases and nodes; cross tables and totals of searches, too. Each is compared with plain SQL over the rows
themselves, of turns and metadata as they were loaded. Stops at the first difference; prints milliseconds of wall and CPU time,
the first count of a facet in a fresh process apart from later ones.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.facets.builtin import LOG_FIELDS
from core.facets.count import count
from core.facets.cross import MOST_CELLS, cross
from core.search.queries import search_queries
from core.search.scope import Narrow
from db import vectors
from db.ingest import Adder, NewConversation, finish_dataset, make_dataset
from db.workspace import Workspace
from tests.benchmarks.search import RUN, add_run, vocabulary

NOW = "2026-01-01T00:00:00Z"
LANGUAGES = {"en": 0.5, "fr": 0.449, "de": 0.05, "mt": 0.001}
"""Languages with their shares; a filter on one keeps 50 %, 5 % and 0.1 %."""
MODELS = ["gpt-4", "vicuna-13b", "llama-13b", None]
TASKS = ["coding", "writing", "other"]
PAGE = 1000

_MODERATED = "(SELECT max(m.value ->> '$.flagged') FROM json_each(v.metadata, '$.openai_moderation') m)"
_ANSWER = "(SELECT length(t.content) FROM turn t WHERE t.conversation_id = v.id AND t.position = 1 AND t.role = 'assistant')"
_USER = "iif(v.user IS NULL, NULL, (SELECT n FROM of_user o WHERE o.user = v.user))"

TRUTH = {
    "language": "v.language",
    "chat_model": "v.model",
    "user": "v.user",
    "turns": "(SELECT count(*) FROM turn t WHERE t.conversation_id = v.id)",
    "day": "substr(v.timestamp, 1, 10)",
    "week": "date(v.timestamp, '-' || ((strftime('%w', v.timestamp) + 6) % 7) || ' days')",
    "month": "substr(v.timestamp, 1, 7)",
    "user_conversations": f"CASE WHEN {_USER} >= 20 THEN '20+' WHEN {_USER} >= 5 THEN '5-19' WHEN {_USER} >= 2 THEN '2-4'"
    f" WHEN {_USER} = 1 THEN '1' END",
    "answer_chars": _ANSWER,
    "answer_length": f"CASE WHEN {_ANSWER} >= 4000 THEN '4000+' WHEN {_ANSWER} >= 2000 THEN '2000-3999'"
    f" WHEN {_ANSWER} >= 1000 THEN '1000-1999' WHEN {_ANSWER} >= 500 THEN '500-999' WHEN {_ANSWER} >= 100 THEN '100-499'"
    f" WHEN {_ANSWER} >= 0 THEN '0-99' END",
    "flagged": f"CASE {_MODERATED} WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END",
    "toxic": "CASE v.metadata ->> '$.toxic' WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END",
    "redacted": "CASE v.metadata ->> '$.redacted' WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END",
    "task": "(SELECT f.value FROM facet_value f WHERE f.conversation_id = v.id)",
    "cluster": "a.cluster",
}
"""Each facet out of the rows as they were loaded."""

_FROM = (
    "FROM query q JOIN conversation v ON v.id = q.conversation_id JOIN text t ON t.id = q.text_id"
    " JOIN assignment a ON a.run_id = 1 AND a.query_id = q.id"
)
_OF_USER = "WITH of_user (user, n) AS MATERIALIZED (SELECT user, count(*) FROM conversation WHERE user IS NOT NULL GROUP BY 1)"


@dataclass(frozen=True)
class Case:
    """A filter, as the program and as plain SQL says it."""

    label: str
    sql: str = "true"
    text: str | None = None
    narrow: dict[str, Any] = field(default_factory=dict)


def conversations(rows: int, words: list[str]) -> Iterator[NewConversation]:
    """They: some texts, users and answers come many times, some values are missing."""
    rng = random.Random(1)
    weights = (1 / np.arange(1, len(words) + 1)).cumsum().tolist()
    languages = rng.choices(list(LANGUAGES), list(LANGUAGES.values()), k=rows)
    for n, language in enumerate(languages):
        text = " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(1, 16)))
        answer = int(rng.lognormvariate(6.5, 1.2)) if rng.random() > 0.02 else None
        flagged = rng.random() < 0.04
        metadata: dict[str, object] = {
            "openai_moderation": [
                {"flagged": False, "categories": {}},
                {"flagged": flagged, "categories": {}},
            ],
            "toxic": flagged or rng.random() < 0.02,
        }
        if rng.random() < 0.5:
            metadata["redacted"] = rng.random() < 0.1
        yield NewConversation(
            external_id=f"c{n}",
            text=text,
            model=rng.choice(MODELS),
            language=language,
            timestamp=f"2023-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T10:00:00Z" if n % 50 else None,
            # A few come ten thousand times, most once.
            user=None if n % 10 == 0 else f"u{int(rows * rng.random() ** 3)}",
            metadata=json.dumps(metadata),
            turns=[("user", text), *[("assistant", "a" * (answer or 0))] * (answer is not None)]
            + [("user", "?")] * (n % 3),
        )


def build(folder: Path, rows: int, words: list[str]) -> Workspace:
    """A store with known facts: conversations as a load would add them, a run of 150 clusters with a tree, a facet."""
    start = time.perf_counter()
    workspace = Workspace.open(folder, create=True, read_only=False, clock=lambda: NOW)
    with workspace.transaction() as connection:
        dataset = make_dataset(connection, "d", "generated", "", "{}", NOW)
        adder, batch = Adder(connection, dataset), list[NewConversation]()
        for conversation in conversations(rows, words):
            batch.append(conversation)
            if len(batch) == 5_000:
                adder.add(batch)
                batch.clear()
        adder.add(batch)
        finish_dataset(connection, dataset, "f", NOW)
    vectors.make_space(workspace, "lexical", "m", "r", 256)
    add_run(workspace, rows, words)
    with workspace.transaction() as connection:
        connection.execute(
            "INSERT INTO facet VALUES (1, 1, 'task', 'import', 'conversation', 'list', ?, '', '', '{}', 0, 'done', '')",
            (json.dumps(TASKS),),
        )
        rng = random.Random(2)
        connection.executemany(
            "INSERT INTO facet_value VALUES (1, ?, ?, 'known', '', '', 0)",
            ((n, rng.choice(TASKS)) for n in range(1, rows + 1) if n % 7),
        )
    print(f"built in {time.perf_counter() - start:.0f} s", flush=True)
    return workspace


def cases(words: list[str]) -> list[Case]:
    """The filters."""

    def has(word: str) -> str:
        return f"instr(' ' || t.content || ' ', ' {word} ')"

    return [
        Case("all"),
        *(Case(f"language={name}", f"v.language = '{name}'", None, {"language": name}) for name in LANGUAGES),
        Case("a common word", has(words[3]), words[3] + " "),
        Case(
            "two words, 5 %",
            f"v.language = 'de' AND {has(words[2])} AND {has(words[5])}",
            f"language:de {words[2]} {words[5]} ",
        ),
        Case("a word, 0.1 %", f"v.language = 'mt' AND {has(words[3])}", f"{words[3]} ", {"language": "mt"}),
        Case("a word, within a node", f"a.cluster % 10 = 3 AND {has(words[4])}", f"{words[4]} ", {"within": "t3"}),
        Case(
            "a phrase of flagged ones",
            f"{TRUTH['flagged']} = 'yes' AND {has(f'{words[0]} {words[1]}')}",
            f'flagged:yes "{words[0]} {words[1]}"',
        ),
        Case(
            "long answers to regulars, without a word",
            f"{_ANSWER} > 1500 AND {_USER} >= 20 AND NOT {has(words[0])} AND {has(words[1])}",
            f"answer_chars:>1500 user_conversations:20+ -{words[0]} {words[1]} ",
        ),
    ]  # fmt: skip


@dataclass
class Clock:
    """Milliseconds of what was measured."""

    taken: list[tuple[str, str, float, float]] = field(default_factory=list)

    def __call__(self, label: str, case: str, start: float, used: float) -> None:
        self.taken.append(
            (label, case, (time.perf_counter() - start) * 1000, (time.process_time() - used) * 1000)
        )


def pages(ask: Any) -> list[Any]:
    """All rows of a list, page by page."""
    found, after = [], None
    while True:
        page = ask(after)
        found += page.rows
        after = page.after
        if after is None:
            assert len(found) == page.total, (len(found), page.total)
            return found


def truth_of(workspace: Workspace, case: Case) -> dict[str, list[Any]]:
    """The values of every facet of the queries that pass a filter, and their texts, by plain SQL over the rows."""
    names = [*TRUTH, "text"]
    listed = ", ".join(f"{sql} AS c{n}" for n, sql in enumerate([*TRUTH.values(), "q.text_id"]))
    arrays = ", ".join(f"json_group_array(c{n})" for n in range(len(names)))
    found = workspace.row(f"{_OF_USER} SELECT {arrays} FROM (SELECT {listed} {_FROM} WHERE {case.sql})")
    assert found is not None
    return {name: json.loads(values) for name, values in zip(names, found, strict=True)}


def check_counts(workspace: Workspace, case: Case, by: str, truth: Counter[Any], clock: Clock) -> None:
    """One facet under one filter."""
    narrow = Narrow(run=RUN, **case.narrow)
    start, used = time.perf_counter(), time.process_time()
    first = count(workspace, by, case.text, narrow, "count", PAGE, None)
    clock(f"facet.count by={by}", case.label, start, used)
    assert first.total == len(truth), (by, case, first.total, len(truth))
    assert bool(first.rows) == bool(truth), (by, case)
    known = {None if value is None else str(value): n for value, n in truth.items()}
    if first.total > 20 * PAGE:
        # Of users there are too many to turn every page.
        assert all(known[row.value] == row.count for row in first.rows), (by, case)
        assert [row.count for row in first.rows] == sorted(known.values(), reverse=True)[:PAGE]
        return
    rows = pages(lambda after: count(workspace, by, case.text, narrow, "count", PAGE, after))
    assert {row.value: row.count for row in rows} == known, (by, case)


def check_cross(
    workspace: Workspace, case: Case, rows: str, columns: str, truth: Counter[tuple[Any, Any]], clock: Clock
) -> None:
    """A cross table under a filter."""
    start, used = time.perf_counter(), time.process_time()
    narrow = Narrow(run=RUN, **case.narrow)
    first = cross(workspace, rows, columns, case.text, narrow, "q", PAGE, None)
    clock(f"facet.cross {rows} x {columns}", case.label, start, used)
    known = {(str(row), str(column)): n for (row, column), n in truth.items() if None not in (row, column)}
    assert first.total is not None
    assert first.total <= MOST_CELLS
    found = pages(lambda after: cross(workspace, rows, columns, case.text, narrow, "q", PAGE, after))
    assert {(cell.row, cell.column): cell.count for cell in found if cell.count} == known, (
        rows,
        columns,
        case,
    )


def check_search(workspace: Workspace, case: Case, total: int, clock: Clock) -> None:
    """The total of a search by words, and that there are hits where there are matches."""
    if case.text is None:
        return
    start, used = time.perf_counter(), time.process_time()
    found = search_queries(workspace, case.text, Narrow(run=RUN, **case.narrow), mode="text")
    clock("search.queries", case.label, start, used)
    assert (found.total, bool(found.rows)) == (total, total > 0), (case, found.total, total)


def check(workspace: Workspace, words: list[str], report: Callable[[str], None]) -> Clock:
    """Compare all; the times.

    Raises:
        AssertionError: A count differs.
    """
    assert set(LOG_FIELDS) < set(TRUTH)
    clock = Clock()
    for case in cases(words):
        truth = truth_of(workspace, case)
        report(f"{case.label}: {len(truth['text']):,} queries pass")
        for by in TRUTH:
            check_counts(workspace, case, by, Counter(truth[by]), clock)
        for rows, columns in (
            ("cluster", "language"), ("answer_length", "flagged"), ("user_conversations", "month"), ("cluster", "task"),
        ):  # fmt: skip
            pairs = Counter(zip(truth[rows], truth[columns], strict=True))
            check_cross(workspace, case, rows, columns, pairs, clock)
        check_search(workspace, case, len(set(truth["text"])), clock)
    return clock


def main(rows: int, kept: Path | None = None) -> None:
    """Build a store of `rows` conversations, or use the one in `kept`, and check it."""
    words = vocabulary(random.Random(1))
    with tempfile.TemporaryDirectory() as folder:
        place = kept or Path(folder) / "w"
        if (place / "workspace.db").exists():
            workspace = Workspace.open(place, create=False, read_only=False, clock=lambda: NOW)
        else:
            workspace = build(place, rows, words)
        clock = check(workspace, words, lambda line: print(line, flush=True))
        first: set[str] = set()
        for label, case, wall, used in clock.taken:
            print(
                f"{label:46} {case:42} {wall:8.0f} ms  cpu {used:8.0f} {'' if label in first else '  first'}"
            )
            first.add(label)
        print(
            f"{len(clock.taken)} answers equal plain SQL over {workspace.value('SELECT count(*) FROM query'):,} rows"
        )
        workspace.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
