"""Prices of models in the settings: before those of the bundled table, after `price=`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config import load_config
from core.control import Control
from core.errors import ActionError
from core.llm.prices import Price, price_of
from core.session import Session
from tests.doors import Ran

Cli = Callable[..., Ran]

NOWHERE = "base_url=http://127.0.0.1:9/v1"
"""Where nobody listens: a dry run asks nobody."""


def settings(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def planned(cli: Cli, workspace: Path, config: Path, model: str, more: str = "") -> dict[str, Any]:
    """What a dry run of naming says."""
    ran = cli(
        "do", "summary.create", f"model={model}", *more.split(), "--dry-run", "--config", config,
        "--workspace", workspace,
    )  # fmt: skip
    assert ran.code == 0, ran.out + ran.err
    (row,) = ran.rows
    found: dict[str, Any] = row["data"]
    return found


def test_the_settings_go_before_the_table_and_after_the_line(
    cli: Cli, fixture_workspace: Path, tmp_path: Path
) -> None:
    model = "anthropic/claude-haiku-4-5-20251001"
    plain = settings(tmp_path, "")
    table = planned(cli, fixture_workspace, plain, model)
    assert table["prices"] == "2025-11-24"
    own = settings(tmp_path, '[prices]\n"anthropic/claude-haiku-4-5" = [10, 50.0]\n')
    dear = planned(cli, fixture_workspace, own, model)
    assert dear["prices"] == "config"
    assert dear["cost_low"] == pytest.approx(10 * table["cost_low"], rel=1e-4)
    told = planned(cli, fixture_workspace, own, model, "price=1,5")
    assert (told["prices"], told["cost_low"]) == ("given", table["cost_low"])


def test_a_bound_on_the_cost_can_hold_for_a_model_that_only_the_settings_know(
    cli: Cli, fixture_workspace: Path, tmp_path: Path
) -> None:
    arguments = ("do", "summary.create", "model=My/Model-2.5", NOWHERE, "max_cost=1", "--dry-run")
    refused = cli(*arguments, "--workspace", fixture_workspace)
    assert refused.error["code"] == "no_price"
    own = settings(tmp_path, '[prices]\n"My/Model-2.5" = [0.1, 0.4]\n"ollama/big" = [1, 1]\n')
    assert planned(cli, fixture_workspace, own, "My/Model-2.5", f"{NOWHERE} max_cost=1")["prices"] == "config"
    assert planned(cli, fixture_workspace, own, "ollama/big")["cost_low"] > 0
    assert planned(cli, fixture_workspace, own, "ollama/small")["prices"] == "local"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prices = 3", "prices must be a table"),
        ('[prices]\n"anthropic/x" = 3', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [3]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [3, 15, 1]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = ["3", 15]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [-1, 15]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [nan, 15]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [3, inf]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"anthropic/x" = [true, 15]', "prices.anthropic/x must be two prices"),
        ('[prices]\n"a/y" = [1, 2]\n[prices."b/z"]\nsent = 3', "prices.b/z.sent must be two prices"),
        (f'[prices]\n"anthropic/x" = [3, {10**400}]', "prices.anthropic/x must be two prices"),
    ],
)
def test_wrong_prices_name_the_key(text: str, words: str, tmp_path: Path) -> None:
    path = settings(tmp_path, text)
    with pytest.raises(ActionError) as raised:
        load_config(path)
    assert raised.value.code == "bad_config"
    assert f"{path}: {words}" in raised.value.message


def test_wrong_prices_stop_the_door(cli: Cli, fixture_workspace: Path, tmp_path: Path) -> None:
    path = settings(tmp_path, '[prices]\n"anthropic/x" = 3')
    ran = cli("do", "run.list", "--config", path, "--workspace", fixture_workspace)
    assert (ran.code, ran.error["code"]) == (2, "bad_config")
    assert "prices.anthropic/x" in ran.error["message"]


def test_the_longest_entry_counts_and_an_unquoted_name_means_the_same(tmp_path: Path) -> None:
    own = load_config(
        settings(
            tmp_path, '[prices]\n"openai/gpt-9" = [1, 2]\n"openai/gpt-9-mini" = [3, 4]\nlocal-2.5 = [5, 6]'
        )
    ).prices
    assert price_of("openai", "gpt-9", None, own) == Price(1, 2, "config")
    assert price_of("openai", "gpt-9-mini-2026-01-01", None, own) == Price(3, 4, "config")
    assert price_of("openai", "gpt-9-huge", None, own) is None
    assert price_of("anthropic", "gpt-9", None, own) is None
    assert price_of("compatible", "local-2.5", None, own) == Price(5, 6, "config")


def test_a_job_in_another_thread_knows_the_prices(fixture_workspace: Path) -> None:
    session = Session(fixture_workspace, prices={"openai/x": (1.0, 2.0)})
    assert session.fork(Control()).prices == {"openai/x": (1.0, 2.0)}
