"""What terminals do to programs: sizes, signals, stopping and going on, a megabyte of paste, and tmux that goes and comes back.

After all of it the terminal is as it was: its last bytes leave the alternate screen, show the cursor, and give the mouse back.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors import command, environment
from tests.shared_data import ROOT
from tests.terminal import Terminal

ALTERNATE_OFF, CURSOR_ON, MOUSE_OFF, PASTE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l"

SLOWER = 2
"""How much slower a busy machine may be."""

FOCUSED = "┏━ {} "
"""Where the border of the pane with the focus begins, by the pane's number."""

PASTE = "\x1b[200~{}\x1b[201~"


def assert_clean(terminal: Terminal) -> None:
    """The terminal was left as it was found."""
    assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(ALTERNATE_OFF)
    end = terminal.raw[terminal.raw.rindex(b"\x1b[?1049h") :]
    for off in (ALTERNATE_OFF, CURSOR_ON, MOUSE_OFF, PASTE_OFF):
        assert off in end
    assert end.rindex(CURSOR_ON) > end.rfind(b"\x1b[?25l")


def resize(terminal: Terminal, columns: int, rows: int) -> None:
    """Give the terminal another size."""
    terminal.screen.resize(rows, columns)
    fcntl.ioctl(terminal._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.kill(terminal.pid, signal.SIGWINCH)


def explore(folder: Path, home: Path, **more: tuple[int, int]) -> Terminal:
    return Terminal(["--workspace", folder], home=home, **more)


def state(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "state.json").read_text("utf-8"))
    return found


def test_resizing_to_very_small_and_back(own_workspace: Path, tmp_path: Path) -> None:
    with explore(own_workspace, tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        for keys in ("", "4", "2", "?", "\x1b", ":", "\x1b", "3", "J", "\x1b", "V", "\x1b"):
            terminal.press(keys)
            terminal.settle()
            for size in ((60, 15), (20, 5), (140, 40)):
                resize(terminal, *size)
                terminal.settle()
        terminal.press("2")
        terminal.wait_for("4 Search")
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert_clean(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_where_one_was_and_leaves_the_terminal_clean(
    number: signal.Signals, own_workspace: Path, tmp_path: Path
) -> None:
    with explore(own_workspace, tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("3")
        terminal.wait_for(FOCUSED.format(3))
        os.kill(terminal.pid, number)
        assert terminal.exit_code() == 128 + number
        assert_clean(terminal)
    assert state(own_workspace)["pane"] == "cluster"
    with explore(own_workspace, tmp_path) as terminal:
        terminal.wait_for("4 Search")
        terminal.press("q")
        assert terminal.exit_code() == 0


IGNORING = ("/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh")
"""Starts a program that hears nothing of a terminal that is gone, as a shell does that was told to keep it."""

MOST_MEGABYTES = 600


@pytest.mark.parametrize("pasted", [0, 40_000, 100_000], ids=["no paste", "in a paste", "after a paste"])
@pytest.mark.parametrize("before", [(), IGNORING], ids=["told", "not told"])
def test_a_terminal_that_goes_away_ends_the_program(
    before: tuple[str, ...], pasted: int, own_workspace: Path, tmp_path: Path
) -> None:
    program = [*before, *command("--workspace", own_workspace)]
    with Terminal([], home=tmp_path, program=program) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("3")
        terminal.wait_for(FOCUSED.format(3))
        if pasted:
            terminal.press("/")
            terminal.wait_for(FOCUSED.format(4))
            paste(
                terminal,
                PASTE.format("word poem " * 100_000)[: pasted * 10 + 6] + "\x1b[201~" * (pasted == 100_000),
            )
        os.close(terminal._fd)
        terminal._fd = os.open(os.devnull, os.O_RDWR)
        end = time.monotonic() + 5 * SLOWER
        while time.monotonic() < end:
            pid, _ = os.waitpid(terminal.pid, os.WNOHANG)
            if pid:
                break
            assert megabytes(terminal.pid) < MOST_MEGABYTES
            time.sleep(0.05)
        else:
            pytest.fail("it still runs without its terminal")
        terminal._code = 0
    assert state(own_workspace)["pane"] == ("search" if pasted else "cluster")


def megabytes(pid: int) -> float:
    """The memory of a process."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def test_stopping_and_going_on(own_workspace: Path, tmp_path: Path) -> None:
    with explore(own_workspace, tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        for stop in (lambda: os.kill(terminal.pid, signal.SIGTSTP), lambda: terminal.press("\x1a")):
            stop()
            wait_until(lambda: stopped(terminal))
            terminal.settle()
            assert_clean(terminal)
            seen = terminal.raw.count(b"\x1b[?1049h")
            os.kill(terminal.pid, signal.SIGCONT)
            terminal.wait_for(lambda _, seen=seen: terminal.raw.count(b"\x1b[?1049h") > seen)
            terminal.settle()
            terminal.wait_for("What people ask for")
        terminal.press("j")
        terminal.wait_for("What is in it")
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert_clean(terminal)


def stopped(terminal: Terminal) -> bool:
    """Whether the program is stopped; what it writes before that is read."""
    terminal.read(0.05)
    status = Path(f"/proc/{terminal.pid}/stat")
    if not status.exists():
        pytest.skip("how a process is doing is read from /proc")
    return status.read_text().rsplit(")", 1)[1].split()[0] == "T"


def wait_until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("keys", ["/", ":"], ids=["search", "prompt"])
def test_a_megabyte_of_paste(keys: str, own_workspace: Path, tmp_path: Path) -> None:
    with explore(own_workspace, tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press(keys)
        terminal.settle()
        before = time.monotonic()
        paste(terminal, PASTE.format("sort a list \u202e " * 70_000))
        terminal.wait_for("sort a list", 60)
        assert time.monotonic() - before < 45
        assert "\u202e" not in terminal.text()
        terminal.press("\x1b")
        terminal.settle()
        terminal.press("j")
        terminal.settle()
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert_clean(terminal)


def paste(terminal: Terminal, text: str) -> None:
    """Write as a terminal does: as much as is taken, reading meanwhile."""
    data = text.encode()
    os.set_blocking(terminal._fd, False)
    while data:
        try:
            data = data[os.write(terminal._fd, data[:4096]) :]
        except BlockingIOError:
            terminal.read(0.01)
    os.set_blocking(terminal._fd, True)


class Tmux:
    """A server of tmux of our own, with the program in its only pane."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._socket = home / "tmux.sock"
        self._home = home
        line = " ".join(shlex.quote(str(word)) for word in command("--workspace", folder))
        self("new-session", "-d", "-x", "140", "-y", "40", "-c", str(ROOT), f"{line}; echo CODE $?; exec sh")

    def __call__(self, *arguments: str) -> str:
        chosen = environment(self._home, TERM="xterm-256color", LANG="C.UTF-8")
        words = ["tmux", "-S", str(self._socket), "-f", os.devnull, "-u", *arguments]
        return subprocess.run(
            words, env=chosen, capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def wait_for(self, text: str, seconds: float = 30.0) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = self("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{text!r} was never on the screen:\n{shown}")


@pytest.fixture
def tmux(own_workspace: Path, tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    made = Tmux(own_workspace, tmp_path)
    yield made
    subprocess.run(
        ["tmux", "-S", str(tmp_path / "tmux.sock"), "kill-server"], capture_output=True, check=False
    )


def test_in_tmux_detached_resized_and_attached(tmux: Tmux, tmp_path: Path) -> None:
    tmux.wait_for("What people ask for")
    attach = ["tmux", "-S", str(tmp_path / "tmux.sock"), "-u", "attach"]
    for columns, rows in ((60, 15), (140, 40)):
        program = [shutil.which("tmux") or "tmux", *attach[1:]]
        with Terminal([], home=tmp_path, size=(columns, rows), program=program) as terminal:
            terminal.wait_for("Tree")
            tmux("send-keys", "j")
            terminal.settle()
            tmux("detach-client")
            assert terminal.exit_code() == 0
    tmux("resize-window", "-x", "140", "-y", "40")
    tmux.wait_for("What is in it")
    tmux("send-keys", "q")
    tmux.wait_for("CODE 0")
    assert tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}").split() == [
        "0",
        "1",
        "0",
    ]


def test_in_tmux_killed_and_kept(tmux: Tmux, own_workspace: Path) -> None:
    tmux.wait_for("What people ask for")
    tmux("send-keys", "3")
    time.sleep(1.0)
    pid = int(tmux("display-message", "-p", "#{pane_pid}"))
    children = subprocess.run(
        ["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    os.kill(int(children[0]), signal.SIGTERM)
    tmux.wait_for("CODE 143")
    assert tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}").split() == [
        "0",
        "1",
        "0",
    ]
    assert state(own_workspace)["pane"] == "cluster"
