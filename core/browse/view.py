"""How the person sees the tree: in which order, and which of it."""

from __future__ import annotations

from core.browse.rows import Arrangement, Narrowing, Sort
from core.session import Session


def arrangement(session: Session) -> Arrangement:
    """As the session has it."""
    view = session.view
    return Arrangement(
        view.tree_sort or "size", view.tree_text, view.tree_language, view.tree_chat_model, view.tree_tag
    )


def sort_tree(session: Session, sort: Sort) -> Arrangement:
    """See the tree in another order."""
    session.go(tree_sort=None if sort == "size" else sort)
    return arrangement(session)


def filter_tree(session: Session, narrowing: Narrowing) -> Arrangement:
    """See a part of the tree; what is empty narrows nothing."""
    text = " ".join((narrowing.text or "").split())
    session.go(
        tree_text=text or None,
        tree_language=narrowing.language or None,
        tree_chat_model=narrowing.chat_model or None,
        tree_tag=narrowing.tag or None,
    )
    return arrangement(session)
