"""The settings file: TOML with `workspace`, `theme`, a `[keymap]` from action ids to keys, and `[prices]` of models."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ActionError
from core.paths import user_path

if TYPE_CHECKING:
    from core.llm.prices import Prices

FILE_NAME = "config.toml"

KEYS = ("workspace", "theme", "keymap", "prices")

_HIGHEST = 1_000_000
"""Dollars per million tokens that no price reaches."""


@dataclass(frozen=True)
class Config:
    """What the settings file says; `None` where it says nothing."""

    path: Path | None = None
    workspace: Path | None = None
    theme: str | None = None
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Keys by action id, in place of the action's own: several with commas between, none takes them away."""
    prices: Prices = field(default_factory=dict)
    """Dollars per million tokens sent and received by model, before those of the bundled table."""


def load_config(path: Path | None) -> Config:
    """The settings in a file; without a path, those in the platform's folder, if there are any.

    Raises:
        ActionError: `bad_config`: not there, not TOML, an unknown key, or a value of the wrong type.
    """
    if path is None:
        path = default_path()
        if not path.is_file():
            return Config()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ActionError(
            "bad_config", f"{path} cannot be read: {error.strerror}.", "Name a file with --config."
        ) from None
    return Config(path, **_checked(path, _parsed(path, data)))


def default_path() -> Path:
    """Where the settings file is looked for."""
    from platformdirs import user_config_dir

    return Path(user_config_dir("lmsys-tui", appauthor=False)) / FILE_NAME


def default_workspace() -> Path:
    """The workspace that is used when none is named."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("lmsys-tui", appauthor=False))


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ActionError("bad_config", f"{path} is not TOML: {error}.", "Mend that line.") from None


def _checked(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    for key in found:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, 3)
            raise _bad(path, key, "is no setting", f"The settings: {', '.join(KEYS)}.", close)
    for key in ("workspace", "theme"):
        value = found.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise _bad(path, key, "must be a text", f'Write {key} = "...".')
    settings: dict[str, Any] = {}
    if "workspace" in found:
        settings["workspace"] = path.parent.joinpath(user_path(found["workspace"]))
    if "theme" in found:
        settings["theme"] = found["theme"]
    if "keymap" in found:
        settings["keymap"] = _keymap(path, found["keymap"])
    if "prices" in found:
        settings["prices"] = _prices(path, found["prices"])
    return settings


def _keymap(path: Path, found: Any) -> dict[str, str]:
    if not isinstance(found, dict):
        raise _bad(path, "keymap", "must be a table", 'Write [keymap] and, under it, "run.kmeans" = "K".')
    keymap: dict[str, str] = {}
    for name, value in _flat(found):
        keys = value if isinstance(value, list) else [value]
        if not all(isinstance(key, str) for key in keys):
            hint = f'Write "{name}" = "K" or "{name}" = ["K", "ctrl+k"].'
            raise _bad(path, f"keymap.{name}", "must be a key or a list of keys", hint)
        keymap[name] = ",".join(keys)
    return keymap


def _prices(path: Path, found: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(found, dict):
        hint = 'Write [prices] and, under it, "anthropic/NAME" = [3, 15].'
        raise _bad(path, "prices", "must be a table", hint)
    prices: dict[str, tuple[float, float]] = {}
    for name, value in _flat(found):
        if not (isinstance(value, list) and len(value) == 2 and all(map(_is_price, value))):
            hint = f'Write "{name}" = [3, 15]: dollars per million tokens sent and received.'
            raise _bad(path, f"prices.{name}", "must be two prices", hint)
        prices[name] = (float(value[0]), float(value[1]))
    return prices


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _HIGHEST


def _flat(table: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """`run.kmeans = "K"` is a table in a table to TOML; quoted, it is one key. Both mean the same."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _bad(path: Path | None, key: str, what: str, hint: str, close: Iterable[str] = ()) -> ActionError:
    return ActionError("bad_config", f"{path}: {key} {what}.", hint, tuple(close))
