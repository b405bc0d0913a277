"""Datasets of the Hugging Face hub, or folders laid out like them, row by row through `datasets` in streaming
mode.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ActionError
from core.load.files import FORMATS, Meter, find_file, saved_by_datasets
from core.load.read_json import Item
from core.paths import is_file, is_folder, user_path

PREFIX = "hf:"
_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")
_BUILDERS = {"jsonl": "json", "json": "json", "csv": "csv", "tsv": "csv", "parquet": "parquet"}
_TIMEOUT = 10.0
"""Seconds that the hub has to answer the first question; its client alone would try for half a minute and
more.
"""


@dataclass(frozen=True)
class HubName:
    """What stands after `hf:`, as `NAME[:SPLIT[:CONFIG]]`; NAME is a repository of the hub or a local folder
    or file.
    """

    name: str
    split: str = ""
    config: str = ""

    @property
    def local(self) -> Path | None:
        """The folder or file where the name is one, else None."""
        path = user_path(self.name)
        return path if is_file(path) or is_folder(path) else None


def parse_name(source: str) -> HubName:
    """The parts of `hf:NAME[:SPLIT[:CONFIG]]`.

    Raises:
        ActionError: `bad_source` for what cannot be a name; `file_missing` for a path that does not exist.
    """
    words = source.removeprefix(PREFIX).split(":")
    for count in (0, 1, 2):
        if len(words) > count:
            name = HubName(":".join(words[: len(words) - count]), *words[len(words) - count :])
            if name.name and (name.local or (_REPOSITORY.fullmatch(name.name) and count == len(words) - 1)):
                return name
    first = words[0]
    if first.startswith(("/", ".", "~")):
        find_file(first)
    raise ActionError(
        "bad_source",
        f"{source!r} names no dataset.",
        "Write hf:OWNER/NAME, hf:OWNER/NAME:SPLIT or hf:OWNER/NAME:SPLIT:CONFIG.",
    )


class HubRows:
    """The rows of one split, as an iterable that starts anew each time; nothing is downloaded before it is
    iterated.

    Raises:
        ActionError: from the constructor `hub_unreachable` (within seconds), `hub_not_found`, `hub_gated`
            (terms to accept or no login), `unknown_split`, `unknown_config`, `hub_unsupported`; from the
            iteration `hub_interrupted` or `hub_unsupported`.
    """

    def __init__(self, name: HubName) -> None:
        self._name = name
        self.revision = _local_revision(name.local) if name.local else _hub_revision(name.name)
        self._dataset = _load(name, self.revision)

    def __call__(self, meter: Meter) -> Iterator[Item]:
        """The rows, numbered from 1."""
        meter.unit = "rows"
        rows = iter(self._dataset)
        number = 0
        while True:
            try:
                row = next(rows, None)
            except Exception as error:  # the builders of `datasets` let errors of every library through
                raise _broken_off(self._name.name, number, error) from error
            if row is None:
                return
            number += 1
            meter.done = number
            yield number, dict(row)

    def fingerprint(self) -> str:
        """SHA-256 over name, revision, split and configuration; for a local folder its revision is that of
        its content.
        """
        name = "" if self._name.local else self._name.name
        return hashlib.sha256(
            repr((name, self.revision, self._name.split, self._name.config)).encode()
        ).hexdigest()


def _local_revision(path: Path) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    for item in files:
        with item.open("rb") as file:
            digest.update(
                f"{item.relative_to(path)}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode()
            )
    return digest.hexdigest()


def _hub_revision(name: str) -> str:
    """The commit that the main branch of the hub's repository points at now; asks for the right to read it as
    well.
    """
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    hub = HfApi()
    try:
        info = hub.dataset_info(name, timeout=_TIMEOUT)
        if info.gated:
            hub.auth_check(name, repo_type="dataset")
    except GatedRepoError as error:
        raise _gated(name) from error
    except HFValidationError as error:
        raise ActionError(
            "bad_source", f"The hub has no dataset of such a name: {name[:80]}.", "Write hf:OWNER/NAME."
        ) from error
    except RepositoryNotFoundError as error:
        raise ActionError(
            "hub_not_found",
            f"The hub has no dataset {name}, or it is private.",
            "Check owner and name; for a private one log in with `hf auth login` or set HF_TOKEN.",
        ) from error
    except OfflineModeIsEnabled as error:
        raise _unreachable(name, "HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise _gated(name) from error
        raise _unreachable(name, f"it answered {error.response.status_code}") from error
    except (httpx.HTTPError, OSError) as error:
        raise _unreachable(name, str(error) or type(error).__name__) from error
    return str(info.sha)


def _load(name: HubName, revision: str) -> Any:
    """The split as an `IterableDataset`, images and sounds left undecoded."""
    import datasets

    _quieten(datasets)
    try:
        if name.local and name.local.is_file():
            file = find_file(name.local)
            options = {"sep": "\t"} if file.format == "tsv" else {}
            found = datasets.load_dataset(
                _BUILDERS[file.format], data_files=str(file.path), streaming=True, **options
            )
        elif name.local and saved_by_datasets(name.local):
            saved = datasets.load_from_disk(str(name.local))
            found = saved if isinstance(saved, dict) else {"train": saved}
            found = {split: rows.to_iterable_dataset() for split, rows in found.items()}
        else:
            found = datasets.load_dataset(
                str(name.local or name.name),
                name.config or None,
                revision=None if name.local else revision,
                streaming=True,
            )
    except Exception as error:  # as in the iteration
        raise _not_loaded(name, error) from error
    splits = list(found)
    split = name.split or ("train" if "train" in splits else splits[0])
    if split not in splits:
        raise ActionError(
            "unknown_split", f"{name.name} has no split {split!r}.", f"It has: {', '.join(splits)}."
        )
    rows = found[split]
    # Where the features are not known beforehand (CSV), nothing needs decoding.
    return rows.decode(False) if rows.features else rows


def _quieten(datasets: Any) -> None:
    """Keep `datasets` from writing to the terminal, and from trying 20 times, 100 seconds, on a lost
    connection.
    """
    from huggingface_hub.utils import logging as hub_logging

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    hub_logging.set_verbosity(logging.ERROR)
    for setting, value in (("MAX_RETRIES", 3), ("RETRY_INTERVAL", 1)):
        setattr(datasets.config, f"STREAMING_READ_{setting}", value)
        setattr(datasets.config, f"STREAMING_OPEN_{setting}", value)


def _not_loaded(name: HubName, error: Exception) -> ActionError:
    if isinstance(error, ActionError):
        return error
    text = " ".join(str(error).split())[:400]
    if isinstance(error, ValueError) and ("BuilderConfig" in text or "Config name is missing" in text):
        return ActionError(
            "unknown_config", f"{name.name} has several configurations: {text}", "Write hf:NAME:SPLIT:CONFIG."
        )
    if isinstance(error, ConnectionError):
        return _unreachable(name.name, text)
    if "gated" in text.lower():
        return _gated(name.name)
    if isinstance(error, OSError) and error.filename:
        return ActionError(
            "file_unreadable",
            f"{text}, while opening {name.name}.",
            "The cache of `datasets` must be writable: set HF_HOME.",
        )
    endings = ", ".join(sorted(set(FORMATS.values())))
    return ActionError(
        "hub_unsupported",
        f"{name.name} cannot be read as a dataset: {text}",
        f"It needs data files of: {endings}.",
    )


def _broken_off(name: str, rows: int, error: Exception) -> ActionError:
    import httpx

    text = " ".join(str(error).split())[:300] or type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "gated" in text.lower() or status in (401, 403):
        return _gated(name)
    if isinstance(error, ConnectionError | TimeoutError | httpx.HTTPError):
        return ActionError(
            "hub_interrupted", f"The connection to the hub broke off after {rows} rows: {text}", "Try again."
        )
    return ActionError(
        "hub_unsupported", f"{name} cannot be read beyond row {rows}: {text}", "Is the data whole?"
    )


def _gated(name: str) -> ActionError:
    return ActionError(
        "hub_gated",
        f"The dataset {name} is gated: its owner asks for a login and for accepting its terms.",
        f"Accept the terms on its page (datasets/{name}), then log in: `hf auth login`, or set HF_TOKEN.",
    )


def _unreachable(name: str, why: str) -> ActionError:
    return ActionError(
        "hub_unreachable",
        f"The Hugging Face hub cannot be reached for {name}: {why}.",
        "Check the network or the proxy; a downloaded copy loads as a file or as hf:FOLDER.",
    )
