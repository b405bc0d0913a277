"""Texts in a language that is rare in their cluster, and texts that are not in the language that the log says."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np

from core.control import Control
from core.embed.language_advice import language_name
from core.lookup import RunInfo
from core.outliers.found import Found, ranked
from core.outliers.scripts import misfit
from core.outliers.texts import Texts
from db.workspace import Workspace

RARE, MAIN = 0.02, 0.9
"""A language with a smaller share is rare in a cluster in which another has more than the second."""
FEWEST = 50
"""Queries with a stated language that a cluster needs for that."""
_STEP = 20_000

NOTE = (
    f"Listed are texts whose language has less than {RARE:.0%} of the queries of a cluster of which another has more than"
    f" {MAIN:.0%} (the score is 1 less the former share), and texts whose script is not that of the language stated in the log"
    " (the score is the share of such letters)."
)


def language(workspace: Workspace, run: RunInfo, texts: Texts, control: Control) -> Found:
    """Both kinds, the highest score first; nothing where the log states no languages."""
    scores: dict[int, float] = {}
    reasons: dict[int, list[str]] = defaultdict(list)
    for place, score, why in (*_misfits(workspace, run, texts, control), *_rare(workspace, run, texts)):
        scores[place] = max(score, scores.get(place, 0.0))
        if why not in reasons[place]:
            reasons[place].append(why)
    places = np.array(sorted(scores), dtype=np.int64)
    values = np.array([scores[place] for place in places.tolist()], dtype=np.float64).round(4)
    order = ranked(places, values)
    places, values = places[order], values[order]
    note = NOTE
    if not workspace.value(
        "SELECT EXISTS (SELECT 1 FROM conversation WHERE dataset_id = ? AND language IS NOT NULL)",
        (run.dataset_id,),
    ):
        note += " The log states no languages."
    return Found(places, values, lambda at: "; ".join(reasons[int(places[at])]), note)


def _places(texts: Texts, ids: list[int]) -> list[int]:
    return [int(place) for place in np.searchsorted(texts.ids, np.array(ids, dtype=np.int64))]


def _rare(workspace: Workspace, run: RunInfo, texts: Texts) -> list[tuple[int, float, str]]:
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    stated: dict[tuple[int, str], list[str]] = defaultdict(list)
    for cluster, word, count in workspace.rows(
        "SELECT a.cluster, v.language, count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = ? AND a.cluster >= 0 AND v.language IS NOT NULL"
        " GROUP BY 1, 2",
        (run.id,),
    ):
        name = language_name(word)
        if name is not None:
            counts[cluster][name] += count
            stated[cluster, name].append(word)
    wanted, why = [], {}
    for cluster, by_name in counts.items():
        total = sum(by_name.values())
        main = max(sorted(by_name), key=by_name.__getitem__)
        if total < FEWEST or by_name[main] <= MAIN * total:
            continue
        for name, count in by_name.items():
            if name != main and count < RARE * total:
                share = count / total
                said = f"{name} in a cluster that is {by_name[main] / total:.0%} {main} ({count:,} of {total:,} queries)"
                for word in stated[cluster, name]:
                    wanted.append([cluster, word])
                    why[cluster, word] = (1 - share, said)
    if not wanted:
        return []
    found = workspace.rows(
        "SELECT q.text_id, a.cluster, v.language FROM json_each(?) j JOIN assignment a ON a.run_id = ?"
        " AND a.cluster = j.value ->> 0 JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
        " WHERE v.language = j.value ->> 1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (json.dumps(wanted), run.id),
    )
    places = _places(texts, [row[0] for row in found])
    return [(place, *why[cluster, word]) for place, (_, cluster, word) in zip(places, found, strict=True)]


def _misfits(
    workspace: Workspace, run: RunInfo, texts: Texts, control: Control
) -> list[tuple[int, float, str]]:
    cursor = workspace.raw.execute(
        "SELECT d.text_id, d.language, substr(t.content, 1, 400) FROM (SELECT DISTINCT q.text_id, v.language FROM assignment a"
        " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
        " WHERE a.run_id = ? AND v.language IS NOT NULL) d CROSS JOIN text t ON t.id = d.text_id",
        (run.id,),
    )
    names: dict[str, str | None] = {}
    found: list[tuple[int, float, str]] = []
    ids: list[int] = []
    done = 0
    while rows := cursor.fetchmany(_STEP):
        for text_id, word, head in rows:
            if word not in names:
                names[word] = language_name(word)
            name = names[word]
            misfits = misfit(name, head) if name is not None else None
            if misfits is not None:
                share, script = misfits
                ids.append(text_id)
                found.append(
                    (0, share, f"said to be {name}, but {share:.0%} of its letters are {script} or the like")
                )
        done = min(done + len(rows), len(texts.ids))
        control.progress("language", done, len(texts.ids), "texts")
    return [(place, share, why) for place, (_, share, why) in zip(_places(texts, ids), found, strict=True)]
