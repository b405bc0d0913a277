"""Text of the data never acts: not on the markup parsers of the screen, not on the terminal."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from textual.widgets import Input

from core.session import Session
from core.text import visible
from screens.conversation.screen import ConversationScreen
from screens.dialogs import ConfirmScreen, ErrorScreen, ResultScreen
from screens.widgets.spans import fit, wrap
from tests.doors import NOW, run_text
from tests.pilots import NARROW, WIDE, driven
from tests.shared_data import ROOT
from tests.terminal import Terminal

PAYLOADS = (
    "why is [/INST] there",
    "[/",
    "[@click=app.bell]press me[/]",
    "[link=http://e.com]z[/link]",
    "[type=x, v={'a[0]'}]",
    '{"a": [true, false]} x[int] \\[x^2\\]',
    "$v ${v} %s {0} {self.app}",
    "\x1b[31mRED\x1b[0m",
    "\x1b]52;c;aGFjaw==\x07clip",
    "\x1b]0;PWNED\x07title",
    "\x1b[2Jclear\x1b[?1049l",
    "\x9b31mC1\x9d52;c;aGFjaw==\x9c",
    "\u202egnp.exe\u2066iso\u2069",
    "nul\x00bell\x07back\x08feed\x0c",
    "del\x7f zero\u200bwidth\u2060 bom\ufeff tag\U000e0041",
    "\u2028line\u2029paragraph",
    "wide 你好 👩‍👩‍👧‍👦 नमस्ते \u0e01\u0e33 a\u0301\u0302\u0303",
)

SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[ -/]*[0-~])"
)
"""An escape sequence: CSI, OSC, DCS or a short one."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which every text that a screen shows is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    log = folder / "log.jsonl"
    rows = []
    for n in range(60):
        text = f"{PAYLOADS[n % len(PAYLOADS)]} number {n} about {'cats' if n % 2 else 'rivers'}"
        rows.append(
            {
                "conversation_id": f"id{n} {PAYLOADS[7]}",
                "model": PAYLOADS[n % 5],
                "language": PAYLOADS[(n + 7) % len(PAYLOADS)],
                "conversation": [
                    {"role": "user", "content": text},
                    {"role": "assistant", "content": f"{PAYLOADS[(n + 3) % len(PAYLOADS)]}\n" * 3},
                ],
                "extra " + PAYLOADS[8]: PAYLOADS[9],
            }
        )
    rows.append(
        {"conversation_id": "long", "conversation": [{"role": "user", "content": "[/INST]\x1b[31m" * 10_000}]}
    )
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    workspace = folder / "workspace"
    ran = run_text(
        workspace,
        f"data.load source={log} name=log\nembed.run model=lexical\nrun.kmeans k=4\nsummary.create\n"
        "hierarchy.build levels=2 width=2\n",
    )
    assert ran.code == 0, ran.err
    connection = sqlite3.connect(workspace / "workspace.db")
    with connection:
        everything = " ".join(PAYLOADS)
        connection.execute("UPDATE dataset SET name = 'log ' || ?", (everything,))
        connection.execute("UPDATE run SET label = ?", (everything,))
        connection.execute(
            "UPDATE summary SET title = ? || title, description = ?", (PAYLOADS[0] + everything, everything)
        )
        connection.execute(
            "UPDATE node SET title = ? || coalesce(title, ''), description = ?", (everything, everything)
        )
    connection.close()
    return workspace


KEYS = ("1", "2", "j", "l", "j", "l", "enter", "j", "enter", "n", "n", "p", "G", "escape", "G", "escape", "4")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_no_pane_breaks_on_hostile_text(hostile: Path, size: tuple[int, int]) -> None:
    async with driven(hostile, size, read_only=True) as run:
        for key in KEYS:
            await run.press(key)
        run.explorer.query_one("#search-input", Input).value = "number"
        await run.press("enter", "j", "enter")
        assert isinstance(run.app.screen, ConversationScreen)
        await run.press("y", "escape", "question_mark", "escape", "P", "escape")
        run.explorer.say("".join(PAYLOADS))
        await run.press("1")
        run.session.read_only = False
        run.explorer.action_do("run.delete")
        await run.press()
        assert isinstance(run.app.screen, ConfirmScreen)
        await run.press("n")
        run.session.read_only = True
        for line in ("run.show", "run.list", "data.list", "query.show query=1", "query.list"):
            run.explorer.run_line(line)
            await run.settle()
            assert isinstance(run.app.screen, ResultScreen | ErrorScreen | ConversationScreen), line
            await run.press("G", "y", "escape")
        run.explorer.run_line('run.open run="[/b]"')
        await run.settle()
        assert run.app.screen is run.explorer
        assert run.app.return_code in (None, 0)


async def test_what_is_copied_is_harmless(hostile: Path) -> None:
    async with driven(hostile, read_only=True) as run:
        await run.press("j", "y")
        assert "\x1b" not in run.app.clipboard
        assert visible(run.app.clipboard) == run.app.clipboard
        assert "[/INST]" in run.app.clipboard or "[/" in run.app.clipboard


async def test_a_line_that_fails_is_shown_as_it_was_typed(hostile: Path) -> None:
    async with driven(hostile, read_only=True) as run:
        for payload in PAYLOADS:
            run.explorer.run_line(f"x{payload}")
            await run.settle()
            assert isinstance(run.app.screen, ErrorScreen)
            await run.press("escape")


def foreign(raw: bytes) -> list[bytes]:
    """Bytes that the data would have had to put there."""
    rest = SEQUENCE.sub(b"", raw)
    found = [raw_byte for raw_byte in (b"\x1b", b"\x00", b"\x07", b"\x7f", b"\x0c") if raw_byte in rest]
    bad = [
        chr(code).encode()
        for code in (*range(0x80, 0xA0), 0x202E, 0x2066, 0x2069, 0x200B, 0xFEFF, 0xE0041, 0x2028)
    ]
    found += [code for code in bad if code in rest]
    told = (b"\x1b]52", b"\x1b]0;", b"PWNED\x07", b"\x1b[31mRED", b"\x1b[2Jclear", b"aGFjaw==\x07")
    return found + [sequence for sequence in told if sequence in raw]


def test_no_byte_of_the_data_acts_on_the_terminal(hostile: Path, tmp_path: Path) -> None:
    for size in (WIDE, NARROW):
        with Terminal(["--workspace", hostile, "--read-only"], home=tmp_path, size=size) as terminal:
            terminal.wait_for("INST")
            terminal.settle()
            for keys in ("1", "2", "j", "l", "j", "l", "\r", "j", "\r", "n", "G", "n", "\x1b", "G", "\x1b"):
                terminal.press(keys)
                terminal.settle()
            for keys in (
                "/",
                "number",
                "\r",
                "j",
                "\r",
                "\x1b",
                ":",
                "run.show\r",
                "\x1b",
                ":",
                "no[/b]\r",
                "\x1b",
                "?",
                "\x1b",
            ):
                terminal.press(keys)
                terminal.settle()
            assert foreign(terminal.raw) == []
            terminal.press("q")
            assert terminal.exit_code() == 0
            # Leaving restores the title or the clipboard of nobody.
            assert b"\x1b]52" not in terminal.raw


def test_the_check_itself_finds_what_it_looks_for() -> None:
    assert foreign(b"a\x1b[1;2Hb\x1b[0m") == []
    for payload in PAYLOADS[7:16]:
        assert foreign(payload.encode()), payload


def test_no_markup_is_built_from_text() -> None:
    """Texts reach widgets as spans, `Text` or with `markup=False`: never as an f-string that a parser would read."""
    risky = re.compile(r"(Static|Label|Markdown|OptionList|Button|Collapsible|notify|from_markup)\(\s*f[\"']")
    titles = re.compile(r"border_(sub)?title\s*=\s*f[\"']")
    for path in [*sorted((ROOT / "screens").rglob("*.py")), ROOT / "lmsys_tui/app.py"]:
        source = path.read_text()
        assert not risky.search(source), path
        assert not titles.search(source), path
        for call in re.finditer(r"(\.notify|__init__\(visible)\(.*", source):
            statement = source[call.start() : call.start() + 300].split("\n\n")[0]
            assert "markup=False" in statement, (path, statement)


@pytest.mark.parametrize("width", [8, 20, 79])
def test_wrapped_lines_fit_and_keep_every_word(width: int) -> None:
    from rich.cells import cell_len

    for payload in (*PAYLOADS, "word " * 200, "x" * 500, "你好" * 100, ""):
        lines = wrap(payload, width)
        assert all(
            cell_len(line) <= width or not line.strip() or cell_len(line.rstrip()) <= width for line in lines
        )
        assert "".join("".join(lines).split()) == "".join(visible(payload).split())
        assert cell_len(fit(payload, width)) == width


def test_100_000_characters_are_wrapped_in_a_moment() -> None:
    import time

    text = "[/INST] lorem ipsum " * 5_000
    start = time.process_time()
    assert len(wrap(text, 78)) > 1_000
    assert time.process_time() - start < 2.0


def test_lone_surrogates_are_replaced() -> None:
    assert fit("a\ud800b", 3) == "a\ufffdb"
    assert wrap("\udfff", 10) == ["\ufffd"]


def test_the_fixture_is_hostile(hostile: Path, tmp_path: Path) -> None:
    shutil.copytree(hostile, tmp_path / "copy")
    session = Session(tmp_path / "copy", clock=lambda: NOW, read_only=True)
    rows = session.dispatch("node.open").data.rows
    assert all("\x1b" in row.title for row in rows)
    session.close()
