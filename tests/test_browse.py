"""Sort and filter of `node.list` and `cluster.list`: exact counts, orders, and cursors that hold for one list alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import ActionError
from core.rows import ClusterRow, NodeRow
from core.session import Result, Session
from tests.doors import NOW, run_text
from tests.handmade import USUAL, handmade
from tests.naming import said

SORTS = ("size", "coherence", "title", "growth")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A workspace by hand, with two tags and two flags; not to be changed."""
    folder = handmade(tmp_path_factory.mktemp("browse") / "w")
    edits = Session(folder, clock=lambda: NOW, actor="tester")
    edits.dispatch("cluster.tag", {"cluster": 1, "add": "urgent"})
    edits.dispatch("cluster.tag", {"cluster": 5, "add": "urgent"})
    edits.dispatch("cluster.flag", {"cluster": 2, "flag": "check"})
    edits.close()
    opened = Session(folder, clock=lambda: NOW, read_only=True)
    yield opened
    opened.close()


def nodes(session: Session, **params: Any) -> tuple[NodeRow, ...]:
    return session.dispatch("node.list", {"depth": 10, "limit": 1000, **params}).data


def refused(session: Session, action: str, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        session.dispatch(action, params)
    return caught.value


def counted(session: Session, **narrow: Any) -> dict[int, int]:
    """Queries by cluster, as facets count them."""
    rows = session.dispatch("facet.count", {"by": "cluster", "limit": 1000, **narrow}).data
    return {int(row.value): row.count for row in rows}


@pytest.mark.parametrize(
    "narrow",
    [{"language": "English"}, {"chat_model": "gpt-4"}, {"language": "German", "chat_model": "gpt-4"}],
)
def test_sizes_under_a_filter_are_those_that_facets_count(session: Session, narrow: dict[str, str]) -> None:
    wanted = {number: count for number, count in counted(session, **narrow).items() if count}
    listed = nodes(session, **narrow)
    assert {row.cluster: row.size for row in listed if row.cluster is not None} == wanted
    clusters = session.dispatch("cluster.list", {"limit": 1000, **narrow}).data
    assert {row.cluster: row.size for row in clusters} == wanted
    whole = sum(wanted.values())
    for row in listed:
        assert row.share == pytest.approx(row.size / whole)
        below = [child for child in listed if child.parent == row.node]
        assert row.children == len(below)
        if below:
            assert row.size == sum(child.size for child in below)
    assert sum(row.size for row in listed if row.parent == "root") == whole


def test_a_filter_by_words_keeps_what_stands_above_and_below(session: Session) -> None:
    found = nodes(session, text="PYTH func")
    assert [row.title for row in found] == ["Writing and debugging code", "Write Python functions"]
    under_theme = [row.title for row in nodes(session, text="letters")]
    assert under_theme == ["Drafting letters and texts", "Formal e-mails", "Poems and songs"]
    # Words begin so: the end of one is not enough.
    assert nodes(session, text="rafting") == ()
    assert nodes(session, text="nothing has this") == ()


def test_a_filter_by_a_tag(session: Session) -> None:
    found = [row for row in nodes(session, tag="urgent") if row.kind == "cluster"]
    assert [row.cluster for row in found] == [1, 5]
    assert all(row.tags == ("urgent",) for row in found)
    assert [row.cluster for row in session.dispatch("cluster.list", {"tag": "urgent"}).data] == [1, 5]
    flagged = [row.cluster for row in nodes(session) if row.flags]
    assert flagged == [2]
    error = refused(session, "node.list", tag="urgnt")
    assert (error.code, error.did_you_mean) == ("unknown_tag", ("urgent",))


def test_values_are_found_in_any_case_and_unknown_ones_named(session: Session) -> None:
    assert nodes(session, language="german") == nodes(session, language="German") != ()
    for action in ("node.list", "cluster.list"):
        assert refused(session, action, language="Klingon").code == "unknown_language"
        error = refused(session, action, chat_model="gpt4")
        assert (error.code, error.did_you_mean[0]) == ("unknown_chat_model", "gpt-4")
        assert refused(session, action, language="ge").did_you_mean == ("German",)


def test_a_message_says_how_many_values_it_does_not_name(own_workspace: Path) -> None:
    for cluster in range(9):
        said(own_workspace, f"cluster.tag cluster={cluster % 3} add=tag{cluster}")
    session = Session(own_workspace, actor="tester", read_only=True)
    hint = refused(session, "node.list", tag="zebra").hint
    assert hint == "The tags of this run: tag0, tag1, tag2, tag3, tag4, tag5, tag6, tag7 and 1 more."
    session.close()


KEYS = {
    "size": lambda row: -row.size,
    "coherence": lambda row: 2 if row.coherence is None else row.coherence,
    "title": lambda row: row.title.casefold(),
    "growth": lambda row: -row.growth,
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("narrow", [{}, {"language": "English"}, {"text": "e"}])
def test_siblings_stand_in_the_order_that_was_asked_for(
    session: Session, sort: str, narrow: dict[str, str]
) -> None:
    special = ("noise", "orphans", "no_parent")
    listed = nodes(session, sort=sort, **narrow)
    parents = {row.parent for row in listed}
    assert parents
    for parent in parents:
        rows = [row for row in listed if row.parent == parent]
        kinds = [row.kind in special for row in rows]
        assert kinds == sorted(kinds)
        keys = [KEYS[sort](row) for row in rows if row.kind not in special]
        assert keys == sorted(keys)
    # Depth first: what stands under a node follows it.
    seen = {"root"}
    for row in listed:
        assert row.parent in seen
        seen.add(row.node)
    assert {row.node for row in listed} == {row.node for row in nodes(session, **narrow)}


def test_a_theme_is_as_coherent_as_its_clusters_are_on_average(session: Session) -> None:
    listed = nodes(session, sort="coherence")
    for theme in (row for row in listed if row.kind == "theme"):
        below = [row for row in listed if row.parent == theme.node and row.coherence is not None]
        mean = sum(row.size * (row.coherence or 0) for row in below) / sum(row.size for row in below)
        assert theme.coherence == pytest.approx(mean)


def test_growth_is_the_change_of_the_share_between_the_halves(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    early, late = int(date(2024, 1, 1).strftime("%s")), int(date(2024, 1, 22).strftime("%s"))
    with log.open("w") as file:
        for n in range(400):
            words = ("bake a cake", "sort a list")[n % 2 if n < 200 else int(n % 4 == 3)]
            row = {
                "id": f"c{n}",
                "text": f"{words} {n}",
                "when": (early if n < 200 else late) + n % 14 * 86_400,
            }
            file.write(json.dumps(row) + "\n")
    script = f"""
        data.load source={log} text=text id=id timestamp=when
        embed.run model=lexical
        run.kmeans k=2 seed=1
        summary.create
        hierarchy.build levels=1
        node.list sort=growth depth=10
        cluster.list sort=growth
    """
    ran = run_text(tmp_path / "w", script)
    assert ran.code == 0, ran.err
    for row in ran.rows[-2:]:
        rows = row["data"]
        assert [r["title"].lower().count("cake") > 0 for r in rows if r["cluster"] is not None] == [
            True,
            False,
        ]
        up, down = (r["growth"] for r in rows if r["cluster"] is not None)
        # 100 of 200, then 150 of 200; 50 of 200 of the other; five are added to what was and to what was expected.
        assert (up, down) == (pytest.approx(155 / 105), pytest.approx(55 / 105))


def test_growth_needs_times(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({"text": f"say {word}"}) + "\n" for word in "abcdefgh"))
    ran = run_text(
        tmp_path / "w",
        f"data.load source={log} text=text\nembed.run model=lexical\nrun.kmeans k=2\ncluster.list sort=growth",
    )
    assert ran.rows[-1]["code"] == "no_times"


def pages(session: Session, action: str, **params: Any) -> Iterator[Result]:
    after = None
    while True:
        page = session.dispatch(action, {**params, **({"after": after} if after else {})})
        yield page
        after = page.after
        if after is None:
            return


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("narrow", [{}, {"language": "English"}])
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_are_the_list_in_pieces(
    session: Session, sort: str, narrow: dict[str, str], limit: int
) -> None:
    for action, more in (("node.list", {"depth": 10}), ("cluster.list", {})):
        whole = session.dispatch(action, {"sort": sort, "limit": 1000, **narrow, **more})
        pieces = list(pages(session, action, sort=sort, limit=limit, **narrow, **more))
        assert tuple(row for piece in pieces for row in piece.data) == whole.data
        assert {piece.total for piece in pieces} == {len(whole.data)}


def test_a_cursor_holds_for_its_own_list_alone(session: Session) -> None:
    lists: list[dict[str, Any]] = [
        {}, {"sort": "title"}, {"sort": "growth"}, {"language": "English"}, {"text": "e"}, {"depth": 2},
        {"parent": "t0"}, {"sort": "title", "language": "English"},
    ]  # fmt: skip
    cursors = [session.dispatch("node.list", {"limit": 1, **params}).after for params in lists]
    assert all(cursors)
    for params in lists:
        for other, cursor in zip(lists, cursors, strict=True):
            if other != params:
                assert refused(session, "node.list", after=cursor, **params).code == "bad_cursor"
    for sort in ("title", "growth"):
        mark = str(session.dispatch("node.list", {"limit": 1, "sort": sort}).after).split("~")[0]
        for forged in (
            "",
            "x",
            "[]",
            "[[0]]",
            "[[0,[],1,1]]",
            "[[0,1e400,1,1]]",
            "[" * 9000,
            '[[0,"a",1,"k"],7]',
        ):
            assert refused(session, "node.list", sort=sort, after=f"{mark}~{forged}").code == "bad_cursor"


def test_the_view_has_sort_and_filter_and_leaves_other_lists_alone(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    ran = run_text(
        folder,
        "node.list\nnode.sort sort=title\nnode.filter text='  write   a ' language=English\nnode.list sort=@tree_sort text=@tree_text\n"
        "node.list\nnode.filter\nnode.sort",
    )
    assert ran.code == 0, ran.err
    before, _, filtered, narrowed, whole, cleared, unsorted = ran.rows
    assert filtered["view"]["tree_text"] == "write a"
    assert filtered["data"] == {
        "sort": "title", "text": "write a", "language": "English", "chat_model": None, "tag": None,
    }  # fmt: skip
    assert [row["title"] for row in narrowed["data"]] == [
        row["title"] for row in said(folder, "node.list sort=title text='write a'")
    ]
    assert whole["data"] == before["data"]
    assert [name for name in cleared["view"] if name.startswith("tree_")] == ["tree_sort"]
    assert "tree_sort" not in unsorted["view"]


def test_opening_another_run_forgets_the_filter(tmp_path: Path) -> None:
    ran = run_text(handmade(tmp_path / "w"), "node.filter text=code\nrun.open run=@run")
    assert "tree_text" not in ran.rows[1]["view"]


def test_names_of_a_cluster_in_all_sets(own_workspace: Path) -> None:
    ran = run_text(
        own_workspace,
        "summary.create alias=second\ncluster.rename cluster=0 title='By hand'\ncluster.names cluster=0\ncluster.names cluster=99",
    )
    hand, second, first = ran.rows[2]["data"]
    assert (hand["summary_set"], hand["title"], hand["status"]) == (None, "By hand", "by hand")
    assert (second["alias"], second["current"], first["current"]) == ("second", True, False)
    assert second["title"] == first["title"] != ""
    assert ran.rows[3]["code"] == "unknown_cluster"


def test_names_do_not_count_the_queries_that_a_cluster_had_when_it_was_named(own_workspace: Path) -> None:
    before = said(own_workspace, "cluster.names cluster=0")[0]["description"]
    query = said(own_workspace, "query.list cluster=0 limit=1")[0]["query"]
    ran = run_text(
        own_workspace, f"query.move query={query} to=1\ncluster.names cluster=0\ncluster.show cluster=0"
    )
    (name,), shown = ran.rows[1]["data"], ran.rows[2]["data"]
    assert name["description"] == shown["description"]
    assert before.startswith(f"{name['description']} ")


def test_clusters_are_filtered_where_there_is_no_tree(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w", USUAL, tree=False)
    rows = said(folder, "cluster.list text=write sort=title")
    assert [row["title"] for row in rows] == ["Write Python functions"]
    assert ClusterRow.__dataclass_fields__.keys() == rows[0].keys()


def test_examples_come_from_the_biggest_clusters_in_turn(session: Session) -> None:
    leaves = sorted(
        (row for row in nodes(session) if row.cluster is not None), key=lambda row: (-row.size, row.cluster)
    )
    found = session.dispatch("node.examples", {"limit": 1000}).data
    assert len({row.text_id for row in found}) == len(found)
    shown = [row.cluster for row in found]
    central = {
        row.cluster: [text.text_id for text in session.dispatch("cluster.show", {"cluster": row.cluster, "examples": 100}).data.central]
        for row in leaves
    }  # fmt: skip
    whole = [row.cluster for row in leaves if central[row.cluster]]
    assert shown[: len(whole)] == whole
    assert {cluster: [row.text_id for row in found if row.cluster == cluster] for cluster in whole} == {
        cluster: central[cluster] for cluster in whole
    }
    assert session.dispatch("node.examples", {"limit": 3}).data == found[:3]


def test_examples_of_a_node_are_of_what_stands_under_it(session: Session) -> None:
    for theme in nodes(session):
        under = {row.cluster for row in nodes(session, parent=theme.node)} | {theme.cluster}
        found = session.dispatch("node.examples", {"node": theme.node, "limit": 50}).data
        assert {row.cluster for row in found} <= under
        assert found or not theme.size
    assert refused(session, "node.examples", node="nowhere").code == "unknown_node"
