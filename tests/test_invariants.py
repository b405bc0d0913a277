"""What must hold after every operation, on random logs, by the actions alone."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.session import Session
from db.invariants import violations

WORDS = (
    "python list sort error bread bake oven rice train ticket lyon paris visa poem rain love rhyme sum integral"
    " derivative hi hello hola bonjour 你好 谢谢 привет как sql join index café naïve 🙂"
).split()

queries = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
logs = st.lists(
    st.tuples(queries, st.sampled_from(["en", "de", None]), st.integers(1, 4)), min_size=1, max_size=40
)
EMBED = ("embed.run", {"model": "lexical"})
NAME = ("summary.create", {})


def act(action: str, **values: Any) -> st.SearchStrategy[list[tuple[str, dict[str, Any]]]]:
    """One action with drawn parameters, and what it needs before it."""
    needs = {"run.kmeans": [EMBED], "run.hdbscan": [EMBED], "hierarchy.build": [NAME]}.get(action, [])
    drawn = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in values.items()}
    return st.fixed_dictionaries(drawn).map(lambda params: [*needs, (action, params)])


build = act("hierarchy.build", levels=st.integers(1, 4), width=st.integers(1, 6))
steps = st.lists(
    st.one_of(
        act("run.kmeans", k=st.integers(1, 8), seed=st.integers(0, 3)),
        act("run.hdbscan", min_cluster_size=st.integers(2, 4), reduce="none"),
        build,
        build,
        act("data.load", source="more"),
        act("data.load", source="grown"),
        act("run.delete", run="@run", yes=True),
        act("data.clear", dataset="more", yes=True),
    ),
    min_size=3,
    max_size=7,
).map(lambda parts: [step for part in parts for step in part])


def write(path: Path, log: list[tuple[str, str | None, int]]) -> None:
    rows = [{"text": text, "language": language} for text, language, times in log for _ in range(times)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def dispatch(session: Session, action: str, params: dict[str, Any]) -> Any:
    """The action's data, or the code of the error that it met."""
    try:
        return session.dispatch(action, params).data
    except ActionError as error:
        return error.code


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(log=logs, more=logs, script=steps)
def test_whatever_is_done_the_store_is_sound_and_the_counts_add_up(
    log: list[tuple[str, str | None, int]],
    more: list[tuple[str, str | None, int]],
    script: list[tuple[str, dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write(base / "log.jsonl", log)
        write(base / "more.jsonl", more)
        session = Session(base / "w", clock=lambda: "2026-01-01T00:00:00Z")
        conversations = sum(times for *_, times in log)
        loaded = session.dispatch("data.load", {"source": str(base / "log.jsonl")}).data
        assert loaded.loaded == conversations
        for action, params in (EMBED, ("run.kmeans", {"k": 1}), NAME, ("hierarchy.build", {})):
            session.dispatch(action, params)
        check_tree(session)
        for action, params in script:
            if params.get("source") == "more":
                params = {"source": str(base / "more.jsonl")}
            if params.get("source") == "grown":
                write(base / "log.jsonl", log + more)
                conversations = sum(times for *_, times in log + more)
                params = {"source": str(base / "log.jsonl")}
            dispatch(session, action, params)
            assert violations(session.workspace) == [], (action, params)
            check_tree(session)
        again = session.dispatch("data.load", {"source": str(base / "log.jsonl")}).data
        assert (again.loaded, again.duplicates) == (0, conversations)
        check_export(session, base)
        session.close()


def check_tree(session: Session) -> None:
    """Through the doors: the leaves of the current tree hold every query of the run."""
    if session.view.hierarchy is None:
        return
    run = session.dispatch("run.show").data
    rows = session.dispatch("node.list", {"depth": 10, "limit": 1000}).data
    assert sum(row.size for row in rows if not row.children) == run.queries
    assert sum(row.size for row in rows if row.level == 1) == run.queries
    for parent in rows:
        children = [row for row in rows if row.parent == parent.node]
        assert len(children) == parent.children
        assert not children or sum(row.size for row in children) == parent.size
        assert len({row.title for row in children}) == len(children)


def check_export(session: Session, base: Path) -> None:
    """Each query of the run is one row of the export."""
    if session.view.run is None:
        return
    run = session.dispatch("run.show").data
    session.dispatch("export.run", {"path": str(base / "x.jsonl")})
    rows = [json.loads(line) for line in (base / "x.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert len(rows) == len({row["query_id"] for row in rows}) == run.queries
    clusters = {row.cluster: row.size for row in session.dispatch("cluster.list", {"limit": 1000}).data}
    assert {c: sum(row["cluster_id"] == c for row in rows) for c in clusters} == clusters
