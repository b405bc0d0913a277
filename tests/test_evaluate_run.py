"""Evaluating by script: figures against an independent computation, kept with the run, and able to fail."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from core.evaluate.inputs import cluster_numbers, judging_space, read_grouped
from core.lookup import find_run
from db import migrations
from db.invariants import violations
from db.workspace import FILE_NAME
from tests.benchmarks.labelled import POTION
from tests.doors import copied, run_text
from tests.intents import intents
from tests.naming import opened, rows, said
from tests.shared_data import shared_data


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 queries of nine intents, with true labels and others; not to be changed."""
    return intents(tmp_path_factory.mktemp("labelled"))


def figures(data: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(row["measure"], row["scope"]): row["value"] for row in data["measures"]}


def test_perfect_clusters_score_one_and_labels_by_chance_none(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    good = figures(said(folder, "eval.run label=truth.intent items=2"))
    for name in ("nmi", "ami", "ari", "v", "purity", "inverse purity"):
        assert good[f"truth.intent: {name}", "clusters"] == 1
    assert good["truth.intent: purity", "level 1"] < 1
    assert good["stability", "clusters"] == 1
    assert good["intruder", "clusters"] == 1
    assert good["reconstruction@1", "names"] == 1
    assert good["name's words occur", "names"] == 1
    assert good["name's words occur", "nearest name"] < 0.5
    bad = figures(said(folder, "eval.run label=chance items=2"))
    assert abs(bad["chance: ami", "clusters"]) < 0.1
    assert abs(bad["chance: ari", "clusters"]) < 0.1


def test_labels_that_are_missing_are_said_and_count_nowhere(labelled: Path, tmp_path: Path) -> None:
    data = said(copied(labelled, tmp_path / "w"), "eval.run label=some items=1")
    assert figures(data)["some: queries without", "run"] == 30
    assert {row["n"] for row in data["measures"] if row["measure"].startswith("some: n")} == {60}


def test_clusters_by_chance_and_swapped_titles_score_by_chance(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    session = opened(folder)
    with session.workspace.transaction() as connection:
        connection.execute(
            "CREATE TEMP TABLE title AS SELECT cluster, title, description, phrases FROM summary"
        )
        connection.execute(
            "UPDATE summary SET (title, description, phrases) ="
            " (SELECT title, description, phrases FROM temp.title t WHERE t.cluster = (summary.cluster + 1) % 9)"
        )
    swapped = figures(said(folder, "eval.run items=5"))
    assert swapped["reconstruction@1", "names"] < 0.1
    assert swapped["reconstruction@1", "centroids"] == 1
    assert swapped["name's words occur", "names"] < 0.5
    assert swapped["intruder", "clusters"] == 1
    with session.workspace.transaction() as connection:
        connection.execute("UPDATE assignment SET cluster = (query_id * 7 + query_id / 10) % 9")
    session.close()
    lost = said(folder, "eval.run items=2 label=truth.intent")
    found = figures(lost)
    assert abs(found["truth.intent: ami", "clusters"]) < 0.3
    assert found["stability", "clusters"] < 0.3
    (intruder,) = [row for row in lost["measures"] if row["measure"] == "intruder"]
    assert intruder["low"] < 1 / 6
    assert found["reconstruction@1", "centroids"] < 0.4


def test_noise_is_a_class_of_its_own_and_left_out(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    session = opened(folder)
    with session.workspace.transaction() as connection:
        connection.execute("UPDATE assignment SET cluster = -1, is_noise = 1 WHERE query_id % 4 = 0")
        connection.execute(
            "INSERT INTO cluster (run_id, number, kind, size, texts, neighbours, central, boundary, outside, tags, flags,"
            " notes) SELECT id, -1, 'noise', 0, 0, '[]', '[]', '[]', '[]', '[]', '[]', '' FROM run"
        )
    session.close()
    found = figures(said(folder, "eval.run label=truth.intent items=1 level=1"))
    pairs = rows(
        folder,
        "SELECT v.metadata ->> '$.truth.intent', a.cluster FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id",
    )
    truth, clusters = zip(*pairs, strict=True)
    kept = [pair for pair in pairs if pair[1] >= 0]
    assert found["truth.intent: ami", "clusters"] == pytest.approx(
        metrics.adjusted_mutual_info_score(truth, clusters), abs=1e-4
    )
    assert found["truth.intent: ami", "clusters, noise left out"] == pytest.approx(
        metrics.adjusted_mutual_info_score(*zip(*kept, strict=True)), abs=1e-4
    )
    assert found["queries in clusters", "clusters"] == pytest.approx(len(kept) / len(pairs), abs=1e-4)
    assert ("truth.intent: ami", "level 2") not in found


def test_an_evaluation_is_kept_shown_and_goes_with_its_run(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    made = said(folder, "eval.run items=2")
    again = said(folder, "eval.run items=2")
    assert made["measures"] == again["measures"]
    assert again["evaluation"] == f"{made['evaluation']}-2"
    shown = said(folder, f"eval.show evaluation={made['evaluation']}")
    assert shown["measures"] == made["measures"]
    assert len(shown["table"]) == len(made["measures"]) + 1
    assert said(folder, "eval.show")["evaluation"] == again["evaluation"]
    listed = said(folder, "eval.list run=@run")
    assert [row["evaluation"] for row in listed] == [again["evaluation"], made["evaluation"]]
    assert listed[0]["says"].startswith("intruder ")
    session = opened(folder)
    with session.workspace.connection():
        assert violations(session.workspace) == []
    session.close()
    run_text(folder, "run.delete run=@run yes=true")
    assert said(folder, "eval.list") == []
    assert run_text(folder, "eval.show").error["code"] == "no_evaluation"


def test_a_dry_run_answers_the_same_and_keeps_nothing(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    told = said(folder, "eval.run items=1", dry=True)
    assert said(folder, "eval.list") == []
    assert said(folder, "eval.run items=1") == told
    planned = said(folder, "run.sweep k=3,9 seeds=2 keep=true", dry=True)
    assert (planned["clusterings"], planned["runs"], planned["k"]) == (6, 2, [3, 9])
    assert len(said(folder, "run.list")) == 1


def test_a_sweep_finds_the_number_of_intents_and_keeps_its_table(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    data = said(folder, "run.sweep k=30,9,4,9 seeds=3")
    assert [row["k"] for row in data["rows"]] == [4, 9, 30]
    assert data["recommended"] == 9
    assert "k=9 separates best" in data["reason"]
    assert data["rows"][1]["stability"] == 1
    assert len(said(folder, "run.list")) == 1
    shown = said(folder, f"eval.show evaluation={data['evaluation']}")
    assert (shown["kind"], shown["run"], shown["sweep"]) == ("sweep", None, data["rows"])
    assert said(folder, "run.sweep k=4,9,30 seeds=3")["rows"] == data["rows"]
    kept = said(folder, "run.sweep k=4,9 seeds=1 keep=true")
    runs = {row["run"]: row["clusters"] for row in said(folder, "run.list")}
    assert [runs[row["run"]] for row in kept["rows"]] == [4, 9]
    assert kept["rows"][0]["stability"] is None
    part = said(folder, "run.sweep k=3,5 seeds=2 sample=40")
    assert (part["looked_at"], part["texts"]) == (40, 90)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("run.sweep k=a,b", "bad_k"),
        ("run.sweep k=,", "bad_k"),
        ("run.sweep k=1,3", "bad_k"),
        ("run.sweep k=3,90", "bad_k"),
        ("run.sweep k=3 seeds=0", "bad_seeds"),
        ("run.sweep k=3 sample=1", "bad_sample"),
        ("eval.run label=nothing", "unknown_label"),
        ("eval.run label='x\"y'", "unknown_label"),
        ("eval.run items=0", "bad_items"),
        ("eval.run sample=1", "bad_sample"),
        ("eval.run level=9", "bad_level"),
        ("eval.run space=none", "unknown_space"),
        ("eval.run set=none", "unknown_summary_set"),
        ("eval.run hierarchy=none", "unknown_hierarchy"),
        ("eval.show evaluation=none", "unknown_evaluation"),
    ],
)
def test_what_is_refused(labelled: Path, line: str, code: str) -> None:
    ran = run_text(labelled, line)
    assert ran.rows[-1]["code"] == code


def test_an_unknown_label_says_which_there_are(labelled: Path) -> None:
    error = run_text(labelled, "eval.run label=truth.intents").error
    assert error["did_you_mean"][0] == "truth.intent"


def test_a_run_without_names_or_tree_is_measured_as_far_as_it_goes(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    said(folder, "run.hdbscan min_cluster_size=4 reduce=none")
    data = said(folder, "eval.run items=1 label=truth.domain")
    found = figures(data)
    assert found["reconstruction@1", "names"] is None
    assert found["intruder", "clusters"] is not None
    assert not any(scope.startswith("level") for _, scope in found)


@pytest.mark.slow
def test_clinc150_figures_are_those_of_an_independent_computation(tmp_path: Path) -> None:
    source, model = shared_data("clinc150.jsonl"), shared_data(POTION)
    folder, out = tmp_path / "w", tmp_path / "out.jsonl"
    ran = run_text(
        folder,
        f"data.load source={source}\nembed.run model={model}\nrun.kmeans k=60 seed=42\nsummary.create\n"
        f"hierarchy.build width=10\nexport.run path={out}",
    )
    assert ran.code == 0, ran.err
    truth = {row["id"]: row for row in map(json.loads, source.read_text(encoding="utf-8").splitlines())}
    exported = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for field in ("label", "domain"):
        data = said(folder, f"eval.run label={field} items=3")
        print("\n".join(said(folder, f"eval.show evaluation={data['evaluation']}")["table"]))
        found = figures(data)
        labels = [truth[row["conversation_id"]][field] for row in exported]
        depth = max(len(row["path_ids"]) for row in exported)
        groupings = {"clusters": [str(row["cluster_id"]) for row in exported]}
        for level in range(1, depth + 1):
            at = [row["path_ids"][min(level, len(row["path_ids"])) - 1] for row in exported]
            groupings[f"level {level}"] = at
        for scope, classes in groupings.items():
            wanted = {
                "nmi": metrics.normalized_mutual_info_score(labels, classes),
                "ami": metrics.adjusted_mutual_info_score(labels, classes),
                "ari": metrics.adjusted_rand_score(labels, classes),
                "v": metrics.v_measure_score(labels, classes),
                "homogeneity": metrics.homogeneity_score(labels, classes),
                "completeness": metrics.completeness_score(labels, classes),
                "purity": _purity(labels, classes),
                "inverse purity": _purity(classes, labels),
            }
            for name, value in wanted.items():
                assert found[f"{field}: {name}", scope] == pytest.approx(value, abs=6e-5), (scope, name)
    assert found["intruder", "clusters"] > 0.4
    assert found["reconstruction@1", "names"] > 0.6


def _purity(labels: list[str], classes: list[str]) -> float:
    """By counting, class by class."""
    inside: dict[str, Counter[str]] = {}
    for label, one in zip(labels, classes, strict=True):
        inside.setdefault(one, Counter())[label] += 1
    return sum(counts.most_common(1)[0][1] for counts in inside.values()) / len(labels)


def test_a_store_from_before_evaluations_opens(tmp_path: Path) -> None:
    place = [step.__name__ for step in migrations.MIGRATIONS].index("m006_evaluations")
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    for step in migrations.MIGRATIONS[:place]:
        step(raw)
    raw.execute(f"PRAGMA user_version = {place}")
    raw.commit()
    raw.close()
    assert said(tmp_path, "eval.list") == []
    assert rows(tmp_path, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]


def test_curated_clusters_are_measured_as_they_are_now(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    said(folder, "cluster.merge cluster=0 into=1")
    said(folder, "cluster.rename cluster=2 title=Anything")
    data = said(folder, "eval.run label=truth.intent items=2")
    found = figures(data)
    assert found["truth.intent: homogeneity", "clusters"] < 1
    assert found["truth.intent: completeness", "clusters"] == 1
    (distinct,) = [row for row in data["measures"] if row["measure"] == "distinct titles"]
    assert distinct["n"] == 8
    assert found["stability", "clusters"] < 1


def test_other_vectors_can_judge_and_vectors_that_know_nothing_find_nothing(
    labelled: Path, tmp_path: Path
) -> None:
    folder = copied(labelled, tmp_path / "w")
    np.save(tmp_path / "noise.npy", np.random.default_rng(5).standard_normal((90, 64)).astype(np.float32))
    said(folder, f"embed.import path={tmp_path / 'noise.npy'} space=noise")
    data = said(folder, "eval.run items=2 space=noise")
    found = {(row["measure"], row["scope"]): row for row in data["measures"]}
    assert found["intruder", "clusters"]["low"] < 1 / 6 < found["intruder", "clusters"]["high"]
    assert found["reconstruction@1", "names"]["value"] is None
    assert "not at hand" in found["reconstruction@1", "names"]["note"]
    assert data["notes"] == []
    run_text(folder, "data.load source=sample limit=5 name=more\nembed.run model=lexical dataset=more")
    other = said(folder, "embed.list")
    name = next(row["space"] for row in other if row["space"].endswith("more"))
    assert run_text(folder, f"eval.run run=kmeans space={name}").error["code"] == "unknown_run"
    run = said(folder, "run.list")[0]["run"]
    assert run_text(folder, f"eval.run run={run} space={name}").error["code"] == "embeddings_missing"


def test_a_text_in_two_clusters_counts_where_most_of_its_queries_are(labelled: Path, tmp_path: Path) -> None:
    folder = copied(labelled, tmp_path / "w")
    session = opened(folder)
    with session.workspace.transaction() as connection:
        connection.execute("UPDATE query SET text_id = 1 WHERE id IN (2, 3)")
        connection.execute("UPDATE assignment SET cluster = 4 WHERE query_id IN (2, 3)")
        connection.execute("UPDATE assignment SET cluster = 5 WHERE query_id = 1")
    with session.workspace.connection():
        run = find_run(session.workspace, session.view.run)
        clusters = cluster_numbers(session.workspace, run)
        space = judging_space(session.workspace, run, None)
        data = read_grouped(session.workspace, run, space, clusters, session.control)
    session.close()
    assert data.labels[data.text_ids == 1].tolist() == [4]
    assert data.weights[data.text_ids == 1].tolist() == [3]
    assert data.weights.sum() == 90
