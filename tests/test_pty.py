"""The program in a real terminal: start, keys, sizes, leaving, and what it asks of the terminal."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import signal
import struct
import sys
import termios
from pathlib import Path

import pytest

from core.session import Session
from tests.doors import CHATS, NOW, command
from tests.terminal import Terminal

MOUSE_ON = b"\x1b[?1000h"
ALTERNATE_ON, ALTERNATE_OFF = b"\x1b[?1049h", b"\x1b[?1049l"


def test_start_look_around_and_quit(fixture_workspace: Path, tmp_path: Path) -> None:
    with Terminal(["--workspace", fixture_workspace, "--read-only"], home=tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("j")
        terminal.wait_for("What is in it")
        terminal.press("?")
        terminal.wait_for("Moving")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "Moving" not in text)
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert terminal.raw.count(ALTERNATE_ON) == terminal.raw.count(ALTERNATE_OFF) == 1
        assert b"\x1b[?25h" in terminal.raw[terminal.raw.rindex(ALTERNATE_OFF) - 200 :]


def test_the_picture_is_seen_where_standard_error_goes_to_a_file(
    fixture_workspace: Path, tmp_path: Path
) -> None:
    line = shlex.join(command("--workspace", fixture_workspace, "--read-only"))
    program = ["/bin/sh", "-c", f"exec {line} 2>{shlex.quote(str(tmp_path / 'log'))}"]
    with Terminal([], home=tmp_path, program=program) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert (tmp_path / "log").read_text() == ""


def test_from_nothing_to_a_tree_by_one_key(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    session = Session(folder, clock=lambda: NOW)
    session.open(create=True)
    session.dispatch("data.load", {"source": str(CHATS)})
    session.dispatch("embed.run", {"model": "lexical"})
    session.close()
    with Terminal(["--workspace", folder], home=tmp_path, size=(80, 24)) as terminal:
        terminal.wait_for("\u2192 K")
        terminal.press("A")
        terminal.wait_for("All queries", 120)
        terminal.wait_for("\u25b8", 60)
        terminal.press("j")
        terminal.settle()
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_the_size_can_change(fixture_workspace: Path, tmp_path: Path) -> None:
    with Terminal(["--workspace", fixture_workspace, "--read-only"], home=tmp_path) as terminal:
        terminal.wait_for("4 Search")
        terminal.screen.resize(24, 80)
        fcntl.ioctl(terminal._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.kill(terminal.pid, signal.SIGWINCH)
        text = terminal.wait_for("[2 Tree]")
        assert "What people ask for" not in text
        terminal.press("3")
        terminal.wait_for("What people ask for")
        terminal.press("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize(
    ("arguments", "variables", "asked"),
    [
        ([], {}, True),
        (["--no-mouse"], {}, False),
        ([], {"TMUX": "/tmp/x,1,0", "SSH_CONNECTION": "a 1 b 22"}, False),
        ([], {"TMUX": "/tmp/x,1,0"}, True),
    ],
)
def test_the_mouse_is_asked_for_where_it_works(
    fixture_workspace: Path, tmp_path: Path, arguments: list[str], variables: dict[str, str], asked: bool
) -> None:
    place = ["--workspace", fixture_workspace, "--read-only", *arguments]
    with Terminal(place, home=tmp_path, variables=variables) as terminal:
        terminal.wait_for("All queries")
        assert (MOUSE_ON in terminal.raw) is asked
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_without_colour_the_cursor_can_still_be_seen(fixture_workspace: Path, tmp_path: Path) -> None:
    place = ["--workspace", fixture_workspace, "--read-only"]
    with Terminal(place, home=tmp_path, variables={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("j")
        terminal.settle()
        marks = [line for line in terminal.text().split("\n") if "\u25b6" in line]
        assert len(marks) == 1
        for red, green, blue in re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.raw):
            assert red == green == blue
        terminal.press("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize("theme", ["textual-light", "high-contrast", "ansi-dark"])
def test_themes(fixture_workspace: Path, tmp_path: Path, theme: str) -> None:
    place = ["--workspace", fixture_workspace, "--read-only", "--theme", theme]
    with Terminal(place, home=tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("T")
        terminal.wait_for("Colours")
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_an_unknown_theme_is_refused_before_the_screen_opens(fixture_workspace: Path, tmp_path: Path) -> None:
    place = ["--workspace", fixture_workspace, "--read-only", "--theme", "pink"]
    with Terminal(place, home=tmp_path) as terminal:
        assert terminal.exit_code() == 2
        assert "pink" in terminal.text()
        assert ALTERNATE_ON not in terminal.raw


BROKEN = (
    "import sys; from screens.explorer.screen import Explorer; from lmsys_tui.cli import main\n"
    "{fault}\n"
    "sys.exit(main(['--workspace', {folder!r}, '--read-only']))"
)
"""The program with a planted fault."""


def test_a_fault_is_shown_and_the_program_goes_on(fixture_workspace: Path, tmp_path: Path) -> None:
    code = BROKEN.format(fault="Explorer.action_zoom = lambda self: 1 / 0", folder=str(fixture_workspace))
    with Terminal([], home=tmp_path, program=[sys.executable, "-c", code]) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("z")
        terminal.wait_for("ZeroDivisionError")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "ZeroDivisionError" not in text)
        terminal.press("j")
        terminal.wait_for("What is in it")
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_a_loop_of_faults_leaves_the_terminal_as_it_was_and_says_so(
    fixture_workspace: Path, tmp_path: Path
) -> None:
    fault = "Explorer.action_zoom = lambda self: self.set_interval(0.1, lambda: 1 / 0)"
    code = BROKEN.format(fault=fault, folder=str(fixture_workspace))
    with Terminal([], home=tmp_path, program=[sys.executable, "-c", code]) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("z")
        assert terminal.exit_code() == 1
        assert ALTERNATE_OFF in terminal.raw
        assert "ZeroDivisionError" in terminal.text()


def test_invalid_bytes_do_not_end_the_program(fixture_workspace: Path, tmp_path: Path) -> None:
    with Terminal(["--workspace", fixture_workspace, "--read-only", "--no-mouse"], home=tmp_path) as terminal:
        terminal.wait_for("What people ask for")
        terminal.press("\u00e9\u4f60")
        terminal.press("j")
        terminal.wait_for("What is in it")
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_leaving_during_a_job_is_quick_and_keeps_what_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    Session(folder, clock=lambda: NOW).open(create=True)
    log = tmp_path / "big.jsonl"
    log.write_text("".join(f'{{"text": "what is {n} times {n}"}}\n' for n in range(100_000)))
    with Terminal(["--workspace", folder], home=tmp_path) as terminal:
        terminal.wait_for("\u2192 L")
        terminal.press("L")
        terminal.wait_for("data.load")
        terminal.press(str(log))
        terminal.press("\r")
        terminal.wait_for("esc stops")
        terminal.press("q")
        assert terminal.exit_code(15) == 0
        assert ALTERNATE_OFF in terminal.raw
    session = Session(folder, clock=lambda: NOW, read_only=True)
    assert session.dispatch("data.status").data.conversations < 100_000
    session.close()
