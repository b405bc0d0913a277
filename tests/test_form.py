"""Forms of steps, by keys: defaults explained, refused at the field, many parameters on a small screen, said beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from core.registry import REGISTRY, Action
from core.session import Session
from core.view import View
from screens.dialogs import ResultScreen
from screens.explorer.screen import Explorer
from screens.form.defaults import default_words
from screens.form.screen import FormScreen
from screens.widgets.bars import Bar
from screens.widgets.choice import Choice
from tests.doors import copied, run_text
from tests.pilots import NARROW, WIDE, Driven, driven

STEPS = [a for a in REGISTRY.load().values() if a.effect in ("job", "file") and a.params]

PIPELINE = (
    "data.load",
    "embed.run",
    "run.kmeans",
    "run.hdbscan",
    "summary.create",
    "hierarchy.build",
    "facet.extract",
)


def ids(action: Action) -> str:
    return action.id


def form_of(run: Driven) -> FormScreen:
    form = run.app.screen
    assert isinstance(form, FormScreen)
    return form


def help_of(run: Driven) -> str:
    return str(form_of(run).query_one(".block--help").render())


async def opened(run: Driven, action_id: str) -> FormScreen:
    run.explorer.perform(REGISTRY.get(action_id))
    await run.settle()
    return form_of(run)


@pytest.mark.parametrize("action", STEPS, ids=ids)
def test_what_an_empty_field_means_is_always_said(action: Action) -> None:
    for param in action.params.values():
        if not param.required and param.default is None:
            words = default_words(action, param, View())
            assert words, f"{action.id} {param.name}"
            assert len(words) < 80, f"{action.id} {param.name}: {words}"


async def test_each_parameter_has_its_default_and_its_help(own_workspace: Path) -> None:
    async with driven(own_workspace, WIDE) as run:
        form = await opened(run, "run.kmeans")
        text = run.top()
        for name, param in REGISTRY.get("run.kmeans").params.items():
            assert name in text
            assert param.help[:30] in text
        assert form.query_one("#field-k", Input).placeholder.startswith("auto")
        assert form.query_one("#field-seed", Input).value == "42"
        current = run.session.view.dataset
        assert form.query_one("#field-dataset", Input).placeholder == f"{current} (the current one)"
        assert "silhouette" in help_of(run)
        await run.press("tab")
        assert "By default 42" in help_of(run)


async def test_a_value_is_refused_where_it_is_typed(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "run.kmeans")
        await run.press("t", "w", "o")
        assert "k=two" in help_of(run)
        label = "".join(text for text, _ in form.query_one("#label-k", Bar).spans)
        assert "!" in label
        await run.press("tab")
        assert "k=two" not in help_of(run)
        await run.press("shift+tab")
        assert "k=two" in help_of(run)
        await run.press("backspace", "backspace", "backspace", "2")
        assert "k=" not in help_of(run)
        label = "".join(text for text, _ in form.query_one("#label-k", Bar).spans)
        assert "!" not in label


async def test_enter_does_not_run_what_is_wrong(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "facet.extract")
        await run.press("enter")
        assert run.app.screen is form
        assert "needs name=" in help_of(run)
        form.query_one("#field-name", Input).value = "tone"
        form.query_one("#field-model", Input).value = "x/y"
        form.query_one("#field-max_cost", Input).value = "much"
        await run.press("enter")
        assert run.app.screen is form
        assert run.app.focused is form.query_one("#field-max_cost")
        assert "max_cost=much" in help_of(run)


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 15)], ids=["80x24", "140x40", "60x15"])
@pytest.mark.parametrize("action_id", PIPELINE)
async def test_every_field_can_be_reached_and_is_in_sight(
    own_workspace: Path, action_id: str, size: tuple[int, int]
) -> None:
    async with driven(own_workspace, size) as run:
        form = await opened(run, action_id)
        fields = [param.name for param in form._fields]
        run.app.set_focus(form.query_one(f"#field-{fields[0]}"))
        for name in fields:
            await run.pilot.pause()
            focused = run.app.focused
            assert focused is not None
            assert focused.id == f"field-{name}"
            box = form.query_one("#fields").region
            assert box.contains_region(focused.region), (name, focused.region, box)
            await run.pilot.press("tab")
        screen = run.app.screen.region
        for bar in form.query(Bar).filter(".title"):
            assert screen.contains_region(bar.region)
        assert screen.contains_region(list(form.query(Bar))[-1].region)


async def test_page_down_passes_several_fields(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "facet.extract")
        await run.press("pagedown")
        assert "9 of 17" in run.top()
        await run.press("pagedown", "pagedown")
        assert run.app.focused is form.query_one("#field-wait", Choice)
        assert "17 of 17" in run.top()
        await run.press("pageup", "pageup", "pageup")
        assert "1 of 17" in run.top()


async def test_what_a_step_would_do_is_said_beforehand(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "hierarchy.build")
        form.query_one("#field-levels", Input).value = "2"
        await run.press("ctrl+t")
        assert "what it would do" in run.top()
        session = Session(own_workspace)
        planned = session.dispatch("hierarchy.build", {"levels": 2}, dry_run=True).data
        session.close()
        assert str(planned.nodes) in run.top()
        trees = run.session.dispatch("hierarchy.list").data
        await run.press("escape")
        assert run.app.screen is form
        assert run.session.dispatch("hierarchy.list").data == trees
        await run.press("enter")
        await run.settle()
        assert len(run.session.dispatch("hierarchy.list").data) == len(trees) + 1


async def test_what_a_paid_step_would_cost_is_said_beforehand(own_workspace: Path) -> None:
    async with driven(own_workspace, WIDE) as run:
        form = await opened(run, "facet.extract")
        form.query_one("#field-name", Input).value = "tone"
        form.query_one("#field-model", Input).value = "anthropic/claude-haiku-4-5"
        form.query_one("#field-prompt", Input).value = "Is the person polite?"
        await run.press("ctrl+t")
        assert isinstance(run.app.screen, ResultScreen), help_of(run)
        assert "cost" in run.top()


async def test_a_preview_that_fails_says_why_and_keeps_what_was_typed(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "hierarchy.build")
        form.query_one("#field-run", Input).value = "no such run"
        await run.press("ctrl+t")
        assert run.app.screen is form
        assert "no such run" in help_of(run)


async def test_what_cannot_be_said_beforehand_is_not_offered(own_workspace: Path) -> None:
    async with driven(own_workspace, NARROW) as run:
        form = await opened(run, "run.kmeans")
        assert "ctrl+t" not in run.top()
        await run.press("ctrl+t")
        assert run.app.screen is form


async def test_a_step_is_started_by_its_form(own_workspace: Path, tmp_path: Path) -> None:
    folder = copied(own_workspace, tmp_path / "w")
    async with driven(folder, NARROW) as run:
        await run.press("K", "4", "enter")
        await run.settle()
        newest = run.session.dispatch("run.list").data[0]
        assert newest.clusters == 4
    script = run_text(folder, "job.list limit=1")
    assert script.rows[0]["data"][0]["action"] == "run.kmeans"


async def test_what_was_typed_and_refused_is_there_again(own_workspace: Path) -> None:
    async with driven(own_workspace) as run:
        form = await opened(run, "run.kmeans")
        form.query_one("#field-k", Input).value = "9999"
        form.query_one("#field-seed", Input).value = "7"
        await run.press("enter")
        while not isinstance(run.app.screen, Explorer):
            await run.press("escape")
        form = await opened(run, "run.kmeans")
        assert form.query_one("#field-k", Input).value == "9999"
        assert form.query_one("#field-seed", Input).value == "7"
        form.query_one("#field-k", Input).value = "3"
        await run.press("enter")
        assert run.session.view.run is not None
        assert run.session.view.run.startswith("kmeans-3-")
        form = await opened(run, "run.kmeans")
        assert form.query_one("#field-seed", Input).value == "42"


async def test_a_name_that_was_refused_is_there_again_for_the_same_cluster_alone(own_workspace: Path) -> None:
    session = Session(own_workspace, read_only=True)
    titles = [row.title for row in session.dispatch("cluster.list").data]
    session.close()
    async with driven(own_workspace) as run:
        await run.press("j", "l", "j", "e")
        field = form_of(run).query_one("#field-title", Input)
        own = field.value
        other = next(title for title in titles if title != own)
        field.value = other
        await run.press("enter")
        while not isinstance(run.app.screen, Explorer):
            await run.press("escape")
        run.explorer.activate("tree")
        await run.settle()
        await run.press("e")
        assert form_of(run).query_one("#field-title", Input).value == other
        await run.press("escape", "j", "e")
        assert form_of(run).query_one("#field-title", Input).value not in (other, own)
