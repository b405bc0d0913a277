"""Where an export or a report is written, and that it appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ActionError
from core.paths import user_path

DATASET_FILES = ("state.json", "dataset_info.json")
"""What every folder that `datasets` saves holds."""


def temporary(target: Path) -> Path:
    """The file, or the folder, that is written before it takes the place of `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}.part")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` that takes its place when the block ends well, be it a file or a folder."""
    part = temporary(target)
    old = part.with_suffix(".old")
    try:
        yield part
        if target.is_dir() and part.is_dir():
            # A folder cannot take the place of one that holds files.
            target.replace(old)
        part.replace(target)
    except BaseException:
        if old.is_dir() and not target.exists():
            old.replace(target)
        raise
    finally:
        for left in (part, old):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)


def check_target(written: str | None, default: Path, *, overwrite: bool, folder: bool = False) -> Path:
    """Where to write: the file behind a link, so that the link stays.

    Args:
        written: The path as the user wrote it; `None` is the default.
        default: A path in a folder of the workspace that may have to be made.
        overwrite: Whether what is there may be replaced.
        folder: Whether a folder of a dataset is written, and not a file.

    Raises:
        ActionError: `bad_path`, `file_exists`.
    """
    target = _resolved(written, folder) if written else default
    parent = target.parent if written else default.parent.parent
    if not parent.is_dir():
        raise ActionError("bad_path", f"There is no folder {parent}.", "Make it, or name another path.")
    if not os.access(parent, os.W_OK):
        raise ActionError("bad_path", f"{parent} cannot be written.", "Name another path.")
    if target.exists() and not overwrite:
        raise ActionError("file_exists", f"{target} is there already.", "Say overwrite=true to replace it.")
    return target


def _resolved(written: str, folder: bool) -> Path:
    path = user_path(written)
    try:
        if "\0" in written:
            raise ValueError("it holds a null character")
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir() and not folder:
            raise ActionError("bad_path", f"{path} is a folder.", "Name a file.")
        if target.is_dir() and any(target.iterdir()) and not is_dataset(target):
            raise ActionError("bad_path", f"{path} is a folder of something else.", "Name a new folder.")
        if target.exists() and not target.is_file() and not target.is_dir():
            raise ActionError("bad_path", f"{path} is not a regular file.", "Name a file.")
        if folder and target.is_file():
            raise ActionError("bad_path", f"{path} is a file.", "format=arrow writes a folder.")
        # The temporary name beside it is longer still.
        temporary(target).exists()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ActionError(
            "bad_path", f"{written[:80]!r} cannot be a file: {reason}.", "Name another."
        ) from error
    return target


def is_dataset(folder: Path) -> bool:
    """Whether a folder holds a saved dataset and nothing else, so that it may be replaced."""
    names = {path.name for path in folder.iterdir()}
    return set(DATASET_FILES) <= names and all(
        name in DATASET_FILES or name.endswith(".arrow") for name in names
    )
