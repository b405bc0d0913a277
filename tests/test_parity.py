"""What one door can do, every door can do: the table of actions is whole, documented, and its examples run.

That keys, palette and help offer the same actions is shown in `test_parity_screens.py`.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from core.actions.app import detail
from core.registry import AREAS, REGISTRY, Action, Effect, Scope
from core.session import Session
from db.dump import canonical_dump
from lmsys_tui.grammar import parse_line, strict
from lmsys_tui.output import json_line
from lmsys_tui.reference import action_help, reference
from lmsys_tui.script import Options
from tests.doors import CHATS, as_here, copied, run_text
from tests.shared_data import ROOT

ACTIONS = tuple(REGISTRY.load().values())

WORDS = {
    "data.load": "source text id language model timestamp user limit name",
    "embed.run": "model dataset device batch download",
    "run.kmeans": "k seed dataset space description within cluster run hierarchy reason expect",
    "run.update": "run",
    "run.hdbscan": "min_cluster_size min_samples reduce seed dataset space description",
    "run.list": "limit after",
    "run.open": "run",
    "cluster.list": "run sort",
    "query.list": "cluster sort",
    "summary.list": "run",
    "summary.use": "set",
    "hierarchy.list": "run",
    "hierarchy.use": "hierarchy",
    "summary.create": "run model alias",
    "hierarchy.build": "run set method levels width",
    "node.open": "node",
    "node.list": "parent depth limit after",
    "cluster.show": "cluster run",
    "search.queries": "text mode limit after within language chat_model space",
    "search.clusters": "text mode limit after within language chat_model",
    "search.similar": "query text_id text limit after within language chat_model space",
    "search.save": "name text mode within language chat_model space overwrite",
    "search.saved": "limit after",
    "search.forget": "name",
    "query.show": "query",
    "export.run": "run format path overwrite what where min_users min_conversations redact spreadsheet",
    "report.write": "run format path overwrite levels examples min_users min_conversations redact",
    "data.status": "",
    "data.list": "",
    "data.rejects": "",
    "data.clear": "yes",
    "embed.list": "",
    "embed.import": "path",
    "run.show": "run",
    "run.delete": "run yes",
    "run.rename": "run label",
    "run.compare": "a b limit after",
    "run.moved": "a b limit after",
    "run.sweep": "k seeds dataset space keep",
    "hierarchy.compare": "a b",
    "eval.run": "run set hierarchy label level items seed",
    "eval.list": "run",
    "eval.show": "evaluation",
    "edit.replay": "from to min_overlap kinds actor overwrite reason",
    "session.list": "limit after",
    "session.show": "number last limit after",
    "session.save": "path number last overwrite",
    "actions.list": "",
    "actions.show": "",
}
"""The words that scripts may count on."""

NOT_RUN: dict[str, str] = {
    "session.show": "needs a session on the screens; tests/test_session_journal.py runs it",
    "session.show number=1 last=20": "likewise",
    "session.save": "likewise",
    "session.save path=steps.txt number=1 last=20 overwrite=true": "likewise",
    "batch.collect batch=batch-3f9a": "needs a batch at a provider; tests/test_llm_batch.py runs it",
    "batch.cancel batch=batch-3f9a": "likewise",
    "job.cancel job=1": "needs a job that runs; tests/test_jobs.py stops one",
    "job.resume job=1": "needs a job that failed, was stopped or is lost; tests/test_jobs.py starts them again",
    "facet.extract name=task model=anthropic/claude-haiku-4-5 max_cost=2": "needs a key; tests/test_facet_extract.py runs it",
    "facet.extract name=tone prompt='Is the person polite?' values=polite,neutral,rude model=anthropic/claude-haiku-4-5": (
        "likewise"
    ),
    "summary.compare": "needs two sets of names; tests/test_summary_compare.py runs it",
    "summary.compare a=first b=second sort=size limit=20": "likewise",
}
"""Examples that cannot run here, each with its reason."""

NOT_THERE = {
    "session.save",
    "session.save path=steps.txt number=1 last=20 overwrite=true",
    "batch.collect batch=batch-3f9a",
    "batch.cancel batch=batch-3f9a",
    "job.cancel job=1",
    "job.resume job=1",
}
"""Those that cannot even be tried dry: the fixture has no batch, and its jobs are done; tests of their own try them."""

FIRST: dict[str, str] = {
    "eval.show": "eval.run items=1",
    "map.show": "map.build",
    "map.near": "map.build",
    "query.restore": "query.move query=61 to=-2",
    "search.forget": "search.save name=poems text=poem",
    "edit.undo": "cluster.flag cluster=0",
    "edit.redo": "cluster.flag cluster=0\nedit.undo",
    "edit.show": "cluster.flag cluster=0",
    "edit.replay": "cluster.flag cluster=0\nrun.kmeans k=4",
}
"""What has to be done before the examples of an action have something to work on."""


def ids(action: Action) -> str:
    return action.id


def examples() -> list[tuple[Action, str]]:
    return [(action, example) for action in ACTIONS for example in action.examples]


@pytest.mark.parametrize(("action_id", "params"), WORDS.items(), ids=WORDS)
def test_the_words_of_the_first_version_are_there(action_id: str, params: str) -> None:
    assert set(params.split()) <= set(REGISTRY.get(action_id).params)


def test_every_module_of_actions_is_an_area_and_the_other_way_round() -> None:
    modules = {path.stem for path in (ROOT / "core/actions").glob("*.py")} - {"__init__"}
    assert modules == set(AREAS)


def test_only_what_may_create_a_store_does() -> None:
    assert [action.id for action in ACTIONS if action.creates_store] == ["data.load"]


@pytest.mark.parametrize("action", ACTIONS, ids=ids)
def test_an_action_is_documented_in_full(action: Action) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", action.id)
    assert action.title
    assert action.title[0].isupper()
    assert action.scope in get_args(Scope)
    assert action.effect in get_args(Effect)
    assert action.doc
    assert action.summary.rstrip(".")
    assert action.examples
    for name, param in action.params.items():
        assert param.help, f"{action.id} {name}= has no help"
        assert param.help[0].isupper() or param.help[0] == "`", f"{action.id} {name}="
        assert name != "model" or "chat model" not in param.help or action.id == "data.load"
    parameters = inspect.signature(action.run).parameters.values()
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == ["session"]


@pytest.mark.parametrize("action", ACTIONS, ids=ids)
def test_no_help_is_left_of_a_parameter_that_is_gone(action: Action) -> None:
    section = (inspect.getdoc(action.run) or "").partition("Args:\n")[2]
    named = set(re.findall(r"(?m)^ {4}(\w+): ", section))
    assert named == set(action.params)


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.effect == "destroy"], ids=ids)
def test_what_cannot_be_undone_has_to_be_meant(action: Action) -> None:
    assert action.params["yes"].schema()["default"] is False


def test_examples_show_their_own_action_and_differ() -> None:
    for action, example in examples():
        command = parse_line(example, strict({}))
        assert command is not None
        assert command.action == action.id
    assert max(Counter(example for _, example in examples()).values()) == 1


def test_every_exception_is_an_example_that_exists() -> None:
    assert set(NOT_RUN) <= {example for _, example in examples()}
    assert all(NOT_RUN.values())


@pytest.fixture
def folder_with_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current folder for an example, with the files that examples name."""
    import numpy as np

    shutil.copy(CHATS, tmp_path / "chats.jsonl")
    np.save(tmp_path / "vectors.npy", np.eye(75, 8, dtype=np.float32) + 0.1)
    (tmp_path / "labels.csv").write_text("conversation_id,value\nc000,good\nc001,bad\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("action", "example"), examples(), ids=[f"{a.id}-{n}" for n, (a, _) in enumerate(examples())]
)
def test_an_example_runs(
    action: Action, example: str, fixture_workspace: Path, folder_with_files: Path
) -> None:
    if example in NOT_RUN:
        pytest.skip(NOT_RUN[example])
    changing = action.effect not in ("read", "view") or action.id in FIRST
    folder = copied(fixture_workspace, folder_with_files / "w") if changing else fixture_workspace
    # An example may speak of @node: a person is always somewhere.
    script = f"node.open node=root\n{FIRST.get(action.id, '')}\n{as_here(example, folder)}"
    ran = run_text(folder, script, read_only=not changing)
    assert ran.code == 0, ran.err
    row = ran.rows[-1]
    assert row["ok"] is True
    assert row["action"] == action.id


def dump(folder: Path) -> list[str]:
    """The store as text, edits and jobs left out."""
    session = Session(folder, read_only=True)
    try:
        with session.workspace.connection():
            return list(canonical_dump(session.workspace))
    finally:
        session.close()


@pytest.mark.parametrize("action", [a for a in ACTIONS if detail(a).dry_run], ids=ids)
def test_a_dry_run_of_any_action_changes_no_store_and_no_file(
    action: Action, own_workspace: Path, folder_with_files: Path
) -> None:
    assert run_text(own_workspace, FIRST.get(action.id, "")).code == 0
    before = dump(own_workspace), sorted(folder_with_files.rglob("*"))
    for example in action.examples:
        if example in NOT_THERE:
            continue
        ran = run_text(own_workspace, as_here(example, own_workspace), options=Options(dry_run=True))
        assert ran.code == 0, ran.err
        assert ran.rows[0]["dry_run"] is True
    assert (dump(own_workspace), sorted(folder_with_files.rglob("*"))) == before


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.effect == "read"], ids=ids)
def test_reading_changes_neither_the_store_nor_the_place(action: Action, fixture_workspace: Path) -> None:
    ran = run_text(fixture_workspace, f"run.list\n{action.examples[0]}\n", read_only=True)
    if ran.code == 0:
        assert ran.rows[0]["view"] == ran.rows[1]["view"]


def test_actions_are_thin() -> None:
    """An action calls the engine and hands its answer back; logic and SQL live elsewhere."""
    for path in (ROOT / "core/actions").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not isinstance(node, ast.For | ast.While | ast.Try), f"{path.name}:{node.lineno} is logic"
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.decorator_list:
                statements = function.body[1:]
                assert len(statements) <= 5, f"{path.name}: {function.name} has {len(statements)} statements"


def test_the_table_is_valid_json_schema_and_complete() -> None:
    for action in ACTIONS:
        shown = json.loads(json_line(detail(action)))
        assert shown["schema"]["type"] == "object"
        assert set(shown["schema"]["required"]) <= set(shown["schema"]["properties"])
        for schema in shown["schema"]["properties"].values():
            assert schema["type"] in ("string", "integer", "number", "boolean")
            assert schema["description"]
            if "enum" in schema:
                assert schema.get("default", schema["enum"][0]) in schema["enum"]


def test_the_reference_names_every_action_parameter_and_example() -> None:
    page = reference(ACTIONS)
    for action in ACTIONS:
        section = page.split(f"### `{action.id}`\n", 1)[1].split("\n### ", 1)[0]
        for name in action.params:
            assert f"| `{name}` |" in section
        for example in action.examples:
            assert example in section
        assert action.doc in section
        shown = action_help(action)
        assert all(param.help in shown for param in action.params.values())
    assert page.count("\n## ") == len({action.id.split(".")[0] for action in ACTIONS})
