"""Actions whose answer is a screen: from every screen the key, the palette and the prompt open it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screens.base import ActionScreen, Desk

Door = Callable[["Desk", dict[str, Any]], "ActionScreen"]
"""Makes the screen that shows what the action answers, from the parameters that were given; the others as by default."""


def _search(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.search.screen import SearchScreen
    from screens.search.wanted import wanted_from

    if params.get("saved"):
        return SearchScreen(desk, saved=str(params["saved"]))
    return SearchScreen(desk, wanted_from(params) if params else None)


def _similar(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from core.rows import TextRow
    from screens.search.screen import SearchScreen

    value = desk.explorer.value if desk.explorer is not None else None
    if not params and isinstance(value, TextRow):
        params = {"query": value.query}
    return SearchScreen(desk, near=params or None)


def _saved(desk: Desk, params: dict[str, Any]) -> ActionScreen:  # noqa: ARG001
    from screens.search.screen import SearchScreen

    return SearchScreen(desk, saved="")


def _compare_runs(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.compare.screen import CompareScreen

    return CompareScreen(desk, "run.compare", params)


def _compare_trees(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.compare.screen import CompareScreen

    return CompareScreen(desk, "hierarchy.compare", params)


def _jobs(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.runs.screen import RunsScreen

    return RunsScreen(desk, params.get("status"))


def _trends(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.trends.screen import TrendsScreen

    return TrendsScreen(desk, params)


def _windows(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.trends.windows import WindowsScreen

    return WindowsScreen(desk, params)


def _map(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.map.screen import MapScreen

    return MapScreen(desk, params)


def _history(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.curate.history import HistoryScreen

    return HistoryScreen(desk, params)


def _review(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.curate.review import ReviewScreen

    return ReviewScreen(desk, params)


def _read(desk: Desk, params: dict[str, Any]) -> ActionScreen:
    from screens.conversation.screen import ConversationScreen

    query = params.get("query") or (
        desk.explorer.offers().get("query") if desk.explorer is not None else None
    )
    return ConversationScreen(desk, None, query=None if query is None else int(query))


DOORS: dict[str, Door] = {
    "query.show": _read,
    "edit.history": _history,
    "review.find": _review,
    "job.list": _jobs,
    "map.show": _map,
    "run.compare": _compare_runs,
    "hierarchy.compare": _compare_trees,
    "trend.clusters": _trends,
    "trend.compare": _windows,
    "search.facets": _search,
    "search.queries": _search,
    "search.similar": _similar,
    "search.saved": _saved,
}
"""By action id. A door imports its screen when it is opened: the first paint needs none of them."""
