"""Moving through a workspace: what is current, and what follows when something else is opened."""

from __future__ import annotations

from core.lookup import find_dataset, find_hierarchy, find_run, find_summary_set
from core.rows import DatasetRow, HierarchyRow, NodeOpened, QueryDetail, RunDetail, SummarySetRow
from core.session import Session
from core.view import View, run_view


def open_dataset(session: Session, dataset: str) -> DatasetRow:
    """Make a dataset the current one, with its newest run."""
    from core.datasets import datasets

    workspace = session.workspace
    dataset_id, name = find_dataset(workspace, dataset)
    run = workspace.value(
        "SELECT name FROM run WHERE dataset_id = ? AND status = 'done' ORDER BY id DESC LIMIT 1",
        (dataset_id,),
    )
    session.view = run_view(workspace, run) if run else View(dataset=name)
    return next(row for row in datasets(workspace) if row.dataset == name)


def open_run(session: Session, run: str) -> RunDetail:
    """Make a run the current one."""
    from core.runs import run_detail

    session.view = run_view(session.workspace, run)
    return run_detail(session.workspace, run)


def open_node(session: Session, node: str) -> NodeOpened:
    """Go to a node of the current tree."""
    from core.tree import node_opened

    opened = node_opened(session.workspace, session.view.hierarchy, node)
    session.go(node=opened.node, cluster=opened.cluster, query=None)
    return opened


def open_query(session: Session, query: int) -> QueryDetail:
    """Go to a conversation, and to its cluster in the current run."""
    from core.conversations import conversation
    from core.tree import node_of_cluster

    detail = conversation(session.workspace, query)
    here = next((m for m in detail.clusters if m.run == session.view.run), None)
    if here is None:
        session.go(query=query)
    else:
        node = node_of_cluster(session.workspace, session.view.hierarchy, here.cluster)
        session.go(query=query, cluster=here.cluster, node=node or session.view.node)
    return detail


def use_summary_set(session: Session, name: str) -> SummarySetRow:
    """Show a set of names of the current run from now on; the tree stays."""
    from core.runs import summary_sets

    workspace = session.workspace
    run = find_run(workspace, session.view.run)
    set_id, set_name = find_summary_set(workspace, run, name)
    with workspace.transaction() as connection:
        connection.execute("UPDATE run SET summary_set = ? WHERE id = ?", (set_id, run.id))
    session.go(summary_set=set_name)
    return next(row for row in summary_sets(workspace, run.name) if row.summary_set == set_name)


def use_hierarchy(session: Session, name: str) -> HierarchyRow:
    """Show a tree from now on, with its run and the names that it was built from."""
    from core.runs import hierarchies

    workspace = session.workspace
    tree = find_hierarchy(workspace, name)
    with workspace.transaction() as connection:
        connection.execute(
            "UPDATE run SET hierarchy = ?, summary_set = ? WHERE id = ?",
            (tree.id, tree.summary_set_id, tree.run_id),
        )
    run = workspace.value("SELECT name FROM run WHERE id = ?", (tree.run_id,))
    session.view = run_view(workspace, run)
    return next(row for row in hierarchies(workspace, run) if row.hierarchy == tree.name)
