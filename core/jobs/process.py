"""Which process is which: a number may be given to another process once the first is gone."""

from __future__ import annotations

import contextlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process of a machine; `born` tells it from another that has the same number later, empty where that is not known."""

    host: str
    pid: int
    born: str


def this_process() -> Process:
    """The process that runs this."""
    pid = os.getpid()
    return Process(platform.node(), pid, _stat(pid)[1])


def alive(process: Process) -> bool | None:
    """Whether the process still runs; `None` for one of another machine, of which that cannot be told."""
    if process.host != platform.node():
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It belongs to somebody else, so it is there.
        pass
    state, born = _stat(process.pid)
    if state == "Z":
        return False
    return not (process.born and born) or process.born == born


def _stat(pid: int) -> tuple[str, str]:
    """State and start of a process in clock ticks since the machine's, as Linux tells them (proc(5)); empty elsewhere."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        # The name in brackets may hold spaces and brackets.
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        return fields[0], fields[19]
    return "", ""
