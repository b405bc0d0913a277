"""The command line: doors, options, settings, and what is wrong with any of them, each with code, hint and exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import Config, load_config
from core.errors import EXIT_BY_CODE, ActionError, ExitCode, exit_code
from lmsys_tui.options import parse_arguments
from tests.doors import CHATS, NOW, Ran, command, environment
from tests.shared_data import ROOT

Cli = Callable[..., Ran]


def said(ran: Ran, exit_code: int, code: str, *words: str) -> None:
    """Nothing on standard output; code, message and hint in prose."""
    assert ran.code == exit_code, ran.err
    assert ran.out == ""
    assert f"[{code}]\n" in ran.err
    assert "\nhint: " in ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


def failed(ran: Ran, exit_code: int, code: str) -> dict[str, object]:
    """One line of JSON that says what failed, and the same in prose."""
    assert ran.code == exit_code, ran.err
    row = ran.error
    assert row["code"] == code
    assert row["message"]
    assert row["hint"]
    assert f"[{code}]\n" in ran.err
    assert "Traceback" not in ran.err
    return row


def on_terminal(
    arguments: list[str], home: Path, until: bytes, keys: bytes = b"", seconds: float = 30, **variables: str
) -> tuple[int, bytes]:
    """Run the program on a pseudo-terminal of 80x24; press keys once `until` was drawn. Exit code and bytes."""
    process, leader = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        variables = {"TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"} | variables
        os.execvpe(sys.executable, command(*arguments), environment(home, **variables))
    readable = select.poll()
    readable.register(leader, select.POLLIN)
    seen = bytearray()
    pressed = False
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if readable.poll(50):
            try:
                seen += os.read(leader, 65536)
            except OSError:
                break
        if keys and not pressed and until in seen:
            os.write(leader, keys)
            pressed = True
    else:
        os.kill(process, 9)
    os.close(leader)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), bytes(seen)


def test_without_a_terminal_the_explorer_says_what_to_do(cli: Cli) -> None:
    started = time.monotonic()
    said(cli(), 2, "no_tty", "lmsys-tui --script FILE", "lmsys-tui do ACTION")
    assert time.monotonic() - started < 10


def test_a_dumb_terminal_is_refused(tmp_path: Path) -> None:
    code, seen = on_terminal([], tmp_path, b"", TERM="dumb")
    assert code == 2
    assert b"TERM=dumb: this terminal cannot draw a screen. [no_tty]" in seen
    assert b"\x1b" not in seen


def test_on_a_terminal_the_explorer_opens_and_makes_a_store(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    code, seen = on_terminal(["--workspace", str(folder)], tmp_path, b"\x1b[?1049h", b"\x11")
    assert code == 0, seen[-2000:]
    assert b"\x1b[?1049l" in seen
    assert (folder / "workspace.db").is_file()


@pytest.mark.parametrize(
    ("config", "options", "words"),
    [
        ('keymap = {"run.kmean" = "K"}', [], "run.kmean"),
        ('keymap = {"run.kmeans" = "H"}', [], "run.hdbscan"),
        ("theme = 'nonesuch'", [], "nonesuch"),
        ("", ["--theme", "nonesuch"], "nonesuch"),
    ],
)
def test_settings_that_the_screens_refuse_are_a_usage_error(
    config: str, options: list[str], words: str, tmp_path: Path
) -> None:
    settings = tmp_path / "c.toml"
    settings.write_text(config, encoding="utf-8")
    code, seen = on_terminal(
        ["--workspace", str(tmp_path / "w"), "--config", str(settings), *options],
        tmp_path,
        b"\x1b[?1049h",
        b"\x11",
    )
    assert code == 2
    assert words.encode() in seen
    assert b"[bad_config]" in seen
    assert (str(settings).encode() in seen) is bool(config)
    assert b"\x1b[?1049h" not in seen


def test_on_a_terminal_without_a_store_read_only_says_so(tmp_path: Path) -> None:
    code, seen = on_terminal(["--workspace", str(tmp_path / "w"), "--read-only"], tmp_path, b"")
    assert code == 3
    assert b"[store_missing]" in seen
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explore"], ["There is no command 'explore'."]),
        (["dem"], ["did you mean: demo"]),
        (["data.status"], ["hint: An action is run by: lmsys-tui do data.status"]),
        (["demo", "x"], ["demo takes no 'x'."]),
        (["--workspce", "x"], ["did you mean: --workspace"]),
        (["--workspace"], ["--workspace"]),
        (["--markdown"], ["--markdown goes with --actions."]),
        (["--dry-run"], ["--dry-run goes with do and --script."]),
        (["demo", "--on-error", "stop"], ["--on-error goes with do and --script."]),
        (["demo", "--set", "A=1"], ["--set goes with do and --script."]),
    ],
)
def test_wrong_usage(arguments: list[str], words: list[str], cli: Cli) -> None:
    said(cli(*arguments), 2, "bad_usage", *words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["do"],
        ["do", "data.status", "--on-error", "perhaps"],
        ["do", "data.status", "--timeout", "0"],
        ["do", "data.status", "--timeout", "nan"],
        ["do", "data.status", "--clock", "noon"],
        ["do", "data.status", "--set", "1=2"],
        ["do", "data.status", "--workspace", ""],
        ["--script", "-", "do", "data.status"],
        ["--script=-", "--nonesuch"],
    ],
    ids=" ".join,
)
def test_wrong_usage_of_a_headless_door_is_a_line_of_json_too(arguments: list[str], cli: Cli) -> None:
    row = failed(cli(*arguments), 2, "bad_usage")
    assert (row["seq"], row["action"], row["line"]) == (0, None, None)


def test_an_unknown_action_finds_the_one_that_was_meant(cli: Cli) -> None:
    row = failed(cli("do", "data.statsu"), 2, "unknown_action")
    assert row["did_you_mean"][0] == "data.status"  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["run.kmeans", "k=many"], "bad_parameter"),
        (["run.kmeans", "clusters=3"], "unknown_parameter"),
        (["run.rename"], "missing_parameter"),
        (["run.kmeans", "3"], "bad_script"),
        (["run.kmeans", '{"k": 3'], "bad_script"),
        (['{"action": "run.kmeans", "k": 3}'], "bad_script"),
        (["run.delete", "run=x"], "needs_yes"),
        (["run.kmeans", "--read-only"], "not_allowed"),
    ],
    ids=str,
)
def test_ill_formed_actions_exit_with_2_and_open_nothing(
    words: list[str], code: str, cli: Cli, tmp_path: Path
) -> None:
    failed(cli("do", *words, "--workspace", tmp_path / "w"), 2, code)
    assert not (tmp_path / "w").exists()


def test_a_store_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    for action in ("data.status", "run.list", "embed.run", "run.show run=@run"):
        row = failed(cli("do", *action.split(), "--workspace", tmp_path / "w"), 3, "store_missing")
        assert "data.load" in str(row["hint"])
        assert not (tmp_path / "w").exists()


def test_only_loading_makes_a_store(cli: Cli, tmp_path: Path) -> None:
    ran = cli("do", "data.load", f"source={CHATS}", "--workspace", tmp_path / "w", "--clock", NOW)
    assert ran.code == 0
    assert (tmp_path / "w/workspace.db").is_file()
    listed = cli("do", "data.list", "--workspace", tmp_path / "w")
    assert listed.rows[0]["data"][0]["loaded_at"] == NOW


def test_a_dry_run_of_loading_makes_no_store(cli: Cli, tmp_path: Path) -> None:
    ran = cli("do", "data.load", f"source={CHATS}", "--dry-run", "--workspace", tmp_path / "w")
    assert ran.code == 0
    assert ran.rows[0]["data"]["loaded"] == 75
    assert ran.rows[0]["dry_run"] is True
    assert not (tmp_path / "w").exists()


def test_a_load_that_fails_at_once_leaves_no_half_store(cli: Cli, tmp_path: Path) -> None:
    ran = cli("do", "data.load", "source=/nowhere.jsonl", "--workspace", tmp_path / "w")
    assert ran.code == 1
    row = ran.error
    assert row["message"]
    again = cli("do", "data.list", "--workspace", tmp_path / "w")
    assert again.code == 3 or again.rows[0]["data"] == []


def test_a_store_of_a_newer_version(cli: Cli, own_workspace: Path) -> None:
    connection = sqlite3.connect(own_workspace / "workspace.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    row = failed(cli("do", "data.status", "--workspace", own_workspace), 3, "store_version")
    assert "999" in str(row["message"])


def test_a_file_that_is_no_store(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "workspace.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    failed(cli("do", "data.status", "--workspace", tmp_path), 3, "store_damaged")


def test_a_workspace_that_is_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("x", encoding="utf-8")
    failed(cli("do", "data.load", "source=sample", "--workspace", tmp_path / "w"), 3, "store_missing")


def test_a_store_that_another_process_writes_to(cli: Cli, own_workspace: Path) -> None:
    connection = sqlite3.connect(own_workspace / "workspace.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        reading = cli("do", "run.list", "--workspace", own_workspace)
        writing = cli("do", "run.rename", "run=@run", "label=x", "--workspace", own_workspace)
    finally:
        connection.execute("ROLLBACK")
        connection.close()
    assert reading.code == 0
    failed(writing, 3, "store_locked")


def test_read_only_reads_and_writes_nothing(cli: Cli, own_workspace: Path) -> None:
    def files() -> dict[str, bytes]:
        # SQLite itself makes an empty -wal and an -shm beside a database in WAL mode.
        found = {path.name: path.read_bytes() for path in own_workspace.rglob("*") if path.is_file()}
        return {name: data for name, data in found.items() if data and not name.endswith("-shm")}

    before = files()
    ran = cli("do", "cluster.list", "--read-only", "--workspace", own_workspace)
    assert ran.code == 0
    assert len(ran.rows[0]["data"]) >= 6
    assert files() == before


def test_a_script_file_that_is_not_there(cli: Cli) -> None:
    row = failed(cli("--script", "nowhere.script"), 2, "bad_script")
    assert "nowhere.script" in str(row["message"])


def test_a_script_that_is_a_folder_or_not_text(cli: Cli, tmp_path: Path) -> None:
    failed(cli("--script", tmp_path), 2, "bad_script")
    (tmp_path / "s").write_bytes(b"run.list\n\xff\xfe\n")
    row = failed(cli("--script", tmp_path / "s"), 2, "bad_script")
    assert "Line 2" in str(row["message"])


def test_a_script_from_standard_input_with_its_names(cli: Cli, tmp_path: Path) -> None:
    text = "\ufeffdata.load source=$FILE name=$NAME # a comment\r\ndata.list\r\n"
    ran = cli(
        "--script",
        "-",
        "--set",
        f"FILE={CHATS}",
        "--set=NAME=mine",
        "--workspace",
        tmp_path / "w",
        stdin=text,
    )
    assert ran.code == 0
    assert [row["ok"] for row in ran.rows] == [True, True]
    assert ran.rows[1]["data"][0]["dataset"] == "mine"


def test_a_name_that_is_not_set(cli: Cli, tmp_path: Path) -> None:
    ran = cli(
        "--script", "-", "--set", "FILE=x", "--workspace", tmp_path / "w", stdin="\ndata.load source=$FILES\n"
    )
    row = failed(ran, 2, "bad_script")
    assert (row["line"], row["did_you_mean"]) == (2, ["FILE"])
    assert row["message"] == "$FILES is not set."


def test_settings_are_found_in_the_platforms_folder(cli: Cli, own_workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "settings/lmsys-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f"workspace = '{own_workspace}'\n", encoding="utf-8")
    variables = {"XDG_CONFIG_HOME": str(tmp_path / "settings")}
    assert cli("do", "run.list", **variables).code == 0
    other = str(tmp_path / "none")
    assert cli("do", "run.list", LMSYS_TUI_WORKSPACE=other, **variables).error["code"] == "store_missing"
    by_option = cli("do", "run.list", "--workspace", own_workspace, LMSYS_TUI_WORKSPACE=other)
    assert by_option.code == 0


def test_the_workspace_is_the_platforms_by_default(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert cli("do", "data.load", f"source={CHATS}", XDG_DATA_HOME=str(data)).code == 0
    assert (data / "lmsys-tui/workspace.db").is_file()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workspace = ", ["is not TOML"]),
        ("workspce = 'x'", ["workspce is no setting", "workspace, theme, keymap"]),
        ("workspace = 3", ["workspace must be a text"]),
        ("theme = ''", ["theme must be a text"]),
        ("keymap = 'K'", ["keymap must be a table"]),
        ("[keymap]\n'run.kmeans' = 3", ["keymap.run.kmeans must be a key or a list of keys"]),
        ("[keymap]\nrun.kmeans = ['K', 3]", ["keymap.run.kmeans must be a key or a list of keys"]),
    ],
)
def test_broken_settings_name_the_file_and_the_key(text: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ActionError) as raised:
        load_config(path)
    assert raised.value.code == "bad_config"
    assert exit_code("bad_config") == 2
    for word in (*words, str(path)):
        assert word in str(raised.value)


def test_broken_settings_stop_a_headless_door_too(cli: Cli, tmp_path: Path) -> None:
    failed(cli("do", "data.status", "--config", tmp_path / "none.toml"), 2, "bad_config")
    (tmp_path / "c.toml").write_bytes(b"theme = '\xff'")
    failed(cli("--script", "-", "--config", tmp_path / "c.toml", stdin="data.status"), 2, "bad_config")


def test_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        "workspace = 'logs'\ntheme = 'nord'\n[keymap]\n'run.kmeans' = 'K'\nrun.list = ['r', 'ctrl+r']\n",
        encoding="utf-8",
    )
    keymap = {"run.kmeans": "K", "run.list": "r,ctrl+r"}
    assert load_config(path) == Config(path, tmp_path / "logs", "nord", keymap)


def test_options_stand_before_and_after_the_words() -> None:
    before = parse_arguments(["--workspace", "w", "--read-only", "--as", "me", "do", "run.list", "limit=3"])
    between = parse_arguments(["do", "--workspace=w", "run.list", "--as", "me", "limit=3", "--read-only"])
    after = parse_arguments(["do", "run.list", "limit=3", "--read-only", "--as", "me", "--workspace", "w"])
    assert before == between == after
    assert before.words == ("run.list", "limit=3")
    assert (before.workspace, before.read_only, before.actor) == (Path("w"), True, "me")


def test_a_value_may_begin_with_dashes() -> None:
    assert parse_arguments(["do", "search.queries", "text=--help"]).words == ("search.queries", "text=--help")


@pytest.mark.parametrize(
    ("given", "clock"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.75+02:00", "2026-01-31T10:00:00Z"),
    ],
)
def test_the_clock_is_utc(given: str, clock: str) -> None:
    assert parse_arguments(["do", "data.status", "--clock", given]).clock == clock


def test_help_names_every_door_option_and_exit_code(cli: Cli) -> None:
    ran = cli("--help")
    assert ran.code == 0
    options = "workspace config as read-only clock set on-error dry-run timeout no-mouse theme script actions version"
    for option in options.split():
        assert f"--{option}" in ran.out
    for code in sorted({*EXIT_BY_CODE.values(), ExitCode.OK, ExitCode.FAILED}):
        assert re.search(rf"\b{int(code)} ", ran.out)
    assert cli("-h").out == ran.out


def test_help_of_an_action(cli: Cli) -> None:
    ran = cli("do", "run.kmeans", "--help")
    assert ran.code == 0
    assert ran.out.startswith("run.kmeans: ")
    assert "lmsys-tui do run.kmeans k=" in ran.out
    said(cli("do", "run.kmean", "--help"), 2, "unknown_action", "did you mean: run.kmeans")


def test_version_and_table_open_no_store(cli: Cli, tmp_path: Path) -> None:
    assert re.fullmatch(r"lmsys-tui \d+\.\d+\.\d+\n", cli("--version").out)
    ran = cli("--actions", "--workspace", tmp_path / "w")
    assert ran.code == 0
    assert {"run.kmeans", "actions.show"} <= {row["action"] for row in ran.rows}
    assert all(row["schema"]["type"] == "object" and row["effect"] and row["examples"] for row in ran.rows)
    assert not (tmp_path / "w").exists()
    assert cli("--actions", "--markdown").out.startswith("# Actions\n")


def test_a_pipe_that_closes_early_is_quiet(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--actions"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(tmp_path),
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert err == b""
    assert process.returncode == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["do data.list", "--script -", "--actions", "--help"])
def test_closed_standard_streams_break_nothing(
    words: str, closed: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    line = f"{shlex.join(command())} {words} --workspace {shlex.quote(str(fixture_workspace))} {closed}"
    done = subprocess.run(
        ["sh", "-c", line],
        input=b"data.list",
        capture_output=True,
        cwd=ROOT,
        env=environment(tmp_path),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert bool(done.stdout) == (">&-" not in closed.split() and (closed, words) != ("<&-", "--script -"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", ["do data.list", "do data.lis", "--actions", "--help"])
def test_output_that_cannot_be_written_is_told_in_a_line(
    words: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command(*words.split(), "--workspace", fixture_workspace),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment(tmp_path),
            check=False,
        )
    assert done.returncode == 1
    assert b"Standard output cannot be written: No space left on device." in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_demo_prints_a_tree_and_does_nothing_twice(cli: Cli, tmp_path: Path) -> None:
    arguments = ("demo", "--workspace", tmp_path / "w", "--clock", NOW)
    first = cli(*arguments)
    assert first.code == 0, first.err
    rows = [re.fullmatch(r" *([\d,]+) +(\d+\.\d)%  ( *)(\S.*)", line) for line in first.out.splitlines()]
    assert all(rows)
    sizes = [int(row[1].replace(",", "")) for row in rows if row]
    depths = [len(row[3]) // 2 for row in rows if row]
    assert depths[0] == 0
    assert max(depths) >= 2
    assert sum(size for size, depth in zip(sizes, depths, strict=True) if depth == 1) == sizes[0]
    assert "\x1b" not in first.out
    assert str(tmp_path / "w") in first.err
    again = cli(*arguments)
    assert again.out == first.out
    assert len(cli("do", "run.list", "--workspace", tmp_path / "w").rows[0]["data"]) == 1


def test_the_demo_has_a_workspace_of_its_own(cli: Cli, tmp_path: Path) -> None:
    ran = cli("demo", "--read-only", XDG_DATA_HOME=str(tmp_path / "data"))
    said(ran, 2, "not_allowed", str(tmp_path / "data/lmsys-tui-demo"))
    assert not (tmp_path / "data").exists()


def test_json_lines_are_utf8_whatever_the_locale(cli: Cli, fixture_workspace: Path) -> None:
    ran = cli(
        "do", "search.queries", "text=大海", "mode=text", "--workspace", fixture_workspace, "--read-only",
        LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="latin-1",
    )  # fmt: skip
    assert ran.code == 0
    assert json.loads(ran.out)["ok"] is True
