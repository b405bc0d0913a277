"""`--dry-run`: what would come, and nothing changed; or a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.registry import REGISTRY
from core.session import Session
from db.dump import canonical_dump
from lmsys_tui.script import Options
from tests.doors import CHATS, run_text

LINES = (
    f"data.load source={CHATS} name=again",
    "embed.run model=lexical",
    "facet.from_metadata field=turn name=rounds values=1-9",
    "facet.resume name=length",
    "facet.delete name=length",
    "run.kmeans k=4",
    "run.kmeans within=c0 k=2",
    "run.update",
    "run.hdbscan min_cluster_size=3 reduce=none",
    "map.build",
    "summary.create",
    "eval.run items=2",
    "hierarchy.build levels=2 width=3",
    "run.rename label=new",
    "search.save name=poems text='poem OR haiku'",
    "run.delete run=@run",
    "data.clear dataset=@dataset",
    "export.run path={out}",
    "export.run path={out} what=hierarchy min_users=8",
    "report.write path={out} format=md redact=email min_users=8",
)


def files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("workspace.db")
    }


def state(folder: Path) -> tuple[list[str], dict[str, int]]:
    session = Session(folder)
    with session.workspace.connection():
        return list(canonical_dump(session.workspace)), files(folder)


def row(folder: Path, line: str, dry: bool) -> dict[str, Any]:
    ran = run_text(folder, line, options=Options(dry_run=dry))
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("line", LINES)
def test_a_dry_run_tells_what_comes_and_changes_nothing(
    line: str, own_workspace: Path, tmp_path: Path
) -> None:
    line = line.format(out=tmp_path / "out.csv")
    before = state(own_workspace)
    told = row(own_workspace, line, dry=True)
    assert told["dry_run"] is True
    assert state(own_workspace) == before
    assert not (tmp_path / "out.csv").exists()
    destroys = line.startswith(("run.delete", "data.clear", "facet.delete"))
    done = row(own_workspace, f"{line} yes=true" if destroys else line, dry=False)
    if told["action"] not in ("embed.run", "data.clear"):
        assert done["data"] == told["data"]


def test_an_action_that_cannot_tell_refuses(own_workspace: Path) -> None:
    before = state(own_workspace)
    ran = run_text(own_workspace, "embed.index", options=Options(dry_run=True))
    assert (ran.code, ran.error["code"]) == (2, "no_dry_run")
    assert state(own_workspace) == before


def test_every_action_is_honest_or_refuses() -> None:
    for act in REGISTRY.load().values():
        if act.effect in ("job", "file"):
            assert act.plan or act.transactional or act.id in ("embed.import", "embed.index"), act.id
