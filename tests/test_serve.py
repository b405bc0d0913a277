"""`lmsys-tui serve`: who is let in, what a tab is, that nothing is left behind, and all of it once in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyte
import pytest

from core.errors import ActionError
from core.session import Session
from lmsys_tui.options import parse_arguments
from lmsys_tui.serve import command
from lmsys_tui.serve_guard import Guard
from tests.chromium import running
from tests.doors import Ran, copied, environment
from tests.doors import command as program
from tests.shared_data import ROOT

pytest.importorskip("textual_serve", reason="the extra `serve` is not installed")


@contextmanager
def served(folder: Path, home: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server on a workspace: its address with the token, and its process."""
    process = subprocess.Popen(
        program("serve", "--workspace", folder, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(home),
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.stderr.read() if process.stderr else ""
        yield url, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@asynccontextmanager
async def client() -> AsyncIterator[Any]:
    """A client that keeps cookies as a browser does, of addresses that are numbers, too."""
    import aiohttp

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# The guard.

HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example:80",
    "0.0.0.0:80",
    "192.168.1.7:80",
    "",
    "[",
    "localhost.evil:80",
    "[fe80::1]:80",
)


@pytest.mark.parametrize("host", HOSTS)
def test_names_that_are_not_this_machines_are_refused(host: str) -> None:
    guard = Guard()
    assert guard.refusal(host, None, socket=False)
    assert guard.refusal(host, f"http://{host}", socket=True)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:80", "[::1]:80", "LOCALHOST:7"])
def test_loopback_names_count_at_any_port_for_it_may_be_forwarded(host: str) -> None:
    guard = Guard()
    assert guard.refusal(host, None, socket=False) == ""
    assert guard.refusal(host, f"http://{host}", socket=True) == ""


@pytest.mark.parametrize(
    "from_where", ["http://evil.example", "null", "http://127.0.0.1:81", "http://localhost:80", "file://", ""]
)
def test_pages_of_another_origin_are_refused(from_where: str) -> None:
    assert Guard().refusal("127.0.0.1:80", from_where, socket=False)
    assert Guard().refusal("127.0.0.1:80", from_where, socket=True)


def test_a_websocket_needs_an_origin() -> None:
    assert Guard().refusal("127.0.0.1:80", None, socket=True)


def test_elsewhere_only_when_asked_for_and_never_under_a_strange_name() -> None:
    guard = Guard("0.0.0.0", ("box",))
    for host in ("192.168.1.7:80", "box:80", "localhost:80", "[fe80::1]:80"):
        assert guard.refusal(host, f"http://{host}", socket=True) == ""
    assert guard.refusal("evil.example", None, socket=False)


def test_tokens_are_long_random_and_compared_whole() -> None:
    one, other = Guard(), Guard()
    assert len({one.token, other.token, one.pass_, other.pass_}) == 4
    assert min(len(one.token), len(one.pass_)) >= 43
    assert one.knows(one.token, None)
    assert one.knows(None, one.pass_)
    for token, cookie in (
        (None, None), ("", ""), (one.token[:-1], None), (one.token + "x", None), (one.pass_, None), (None, one.token),
        ("\udcff", "é"),
    ):  # fmt: skip
        assert not one.knows(token, cookie)


# Over HTTP.


async def test_every_request_without_the_token_is_refused(fixture_workspace: Path, tmp_path: Path) -> None:
    with served(fixture_workspace, tmp_path, "--read-only") as (url, process):
        base, token = origin(url), url.split("token=")[1]
        paths = (
            "/", "/ws", "/static/js/textual.js", "/static/", "/static", "/download/x", "/nothing", "/?token=", "/?token=wrong",
            f"/ws?token={token}", f"/static/js/textual.js?token={token}", "/static/../serve.py",
        )  # fmt: skip
        async with client() as session:
            for path in paths:
                for method in ("GET", "POST", "HEAD", "OPTIONS"):
                    async with session.request(method, base + path) as answer:
                        assert answer.status == 403, (method, path)
                        assert not answer.cookies
            for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
                async with session.get(url, headers=headers) as answer:
                    assert answer.status == 403, headers
            with pytest.raises(Exception, match="403"):
                await session.ws_connect(f"{base}/ws", origin=base)
        assert children(process.pid) == []


async def test_whoever_has_the_token_is_let_in_by_a_cookie(fixture_workspace: Path, tmp_path: Path) -> None:
    with served(fixture_workspace, tmp_path, "--read-only") as (url, process):
        base = origin(url)
        async with client() as session:
            async with session.get(url) as answer:
                text = await answer.text()
                (cookie,) = answer.cookies.values()
                assert answer.status == 200
                assert cookie["httponly"]
                assert cookie["samesite"] == "Strict"
                assert cookie.value not in text
                assert url.split("token=")[1] not in text
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                # Nothing from elsewhere: every address in the page is its own.
                assert set(re.findall(r"(?:https?|wss?)://([^/\"' ]+)", text)) <= {urlsplit(url).netloc}
            for path, status in (
                ("/", 200), ("/static/js/textual.js", 200), ("/static/css/xterm.css", 200), ("/static/", 403),
                ("/static/../server.py", 404), ("/nothing", 404), ("/download/x", 404),
            ):  # fmt: skip
                async with session.get(base + path) as answer:
                    assert answer.status == status, path
            for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
                async with session.get(base + "/static/js/textual.js", headers=headers) as answer:
                    assert answer.status == 403
            for from_where in (None, "http://evil.example", "null"):
                with pytest.raises(Exception, match="403"):
                    await session.ws_connect(f"{base}/ws", origin=from_where)
        assert children(process.pid) == []


class Tab:
    """A tab without a browser: a websocket, and the screen that its bytes draw."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.screen = pyte.Screen(140, 40)
        self._stream = pyte.ByteStream(self.screen)

    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    async def wait_until(self, drawn: Callable[[str], bool], seconds: float = 40.0) -> None:
        """Until the screen is as wanted."""
        import aiohttp

        end = time.monotonic() + seconds
        while not drawn(self.text()):
            left = end - time.monotonic()
            assert left > 0, self.text()
            try:
                message = await asyncio.wait_for(self.connection.receive(), left)
            except TimeoutError:
                continue
            assert message.type is aiohttp.WSMsgType.BINARY, (message, self.text())
            self._stream.feed(message.data)

    async def wait_for(self, words: str) -> None:
        """Until the screen shows the words."""
        await self.wait_until(lambda text: words in text)

    async def open_theme(self) -> None:
        """Put the cursor on the first cluster of the first theme."""
        await self.press("2jl")
        await self.wait_for("\u25be Python, solve")
        await self.press("j")

    async def press(self, keys: str) -> None:
        """Type characters."""
        await self.connection.send_json(["stdin", keys])


async def open_tab(session: Any, url: str) -> Tab:
    base = origin(url)
    async with session.get(url) as answer:
        assert answer.status == 200
    return Tab(await session.ws_connect(f"{base}/ws?width=140&height=40", origin=base))


async def test_each_tab_is_a_session_of_its_own_and_ends_with_it(own_workspace: Path, tmp_path: Path) -> None:
    with served(own_workspace, tmp_path) as (url, process):
        async with client() as session:
            one, other = await open_tab(session, url), await open_tab(session, url)
            await one.wait_for("What people ask for")
            await other.wait_for("What people ask for")
            assert len(children(process.pid)) == 2
            await one.press("?")
            await one.wait_for("Moving")
            await one.press("\x1b")
            await one.wait_until(lambda text: "Moving" not in text)
            await one.open_theme()
            await one.press("f")
            await one.wait_for("u undoes it")
            await one.press("u")
            await one.wait_for("Undone")
            # What is no message of a terminal ends its own tab alone.
            await other.connection.send_str('{"not": "a message"}')
            for _ in range(300):
                if len(children(process.pid)) == 1:
                    break
                await asyncio.sleep(0.1)
            (left,) = children(process.pid)
            await one.press("q")
            for _ in range(300):
                if not alive(left):
                    break
                await asyncio.sleep(0.1)
            assert not alive(left)
    assert (own_workspace / "session.jsonl").exists()


async def test_a_read_only_server_changes_nothing(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    with served(folder, tmp_path, "--read-only") as (url, _):
        async with client() as session:
            tab = await open_tab(session, url)
            await tab.wait_for("What people ask for")
            await tab.open_theme()
            await tab.press("f")
            await tab.wait_for("nothing can be edited")
    assert not (folder / "session.jsonl").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_leaving_leaves_no_process_behind(own_workspace: Path, tmp_path: Path, number: int) -> None:
    with served(own_workspace, tmp_path) as (url, process):
        async with client() as session:
            tab = await open_tab(session, url)
            await tab.wait_for("What people ask for")
            begun = children(process.pid)
            assert len(begun) == 1
            process.send_signal(number)
            assert await asyncio.to_thread(process.wait, 30) == 0
            assert not any(map(alive, begun))
    session_ = Session(own_workspace)
    assert session_.dispatch("run.list").data
    session_.close()


def test_the_command_of_a_tab_has_the_options_and_a_path_that_holds_elsewhere(tmp_path: Path) -> None:
    words = (
        "serve",
        "--read-only",
        "--theme",
        "nord",
        "--as=--odd name",
        "--clock",
        "2026-01-01",
        "--no-mouse",
    )
    arguments = parse_arguments(words)
    made = command(arguments, tmp_path / "a b")
    again = parse_arguments(made[made.index("lmsys_tui") + 1 :])
    assert (again.door, again.workspace, again.read_only, again.theme) == (
        "explore",
        tmp_path / "a b",
        True,
        "nord",
    )
    assert (again.actor, again.clock, again.no_mouse) == ("--odd name", "2026-01-01T00:00:00Z", True)


async def test_on_every_address_the_token_is_needed_all_the_same(
    fixture_workspace: Path, tmp_path: Path
) -> None:
    with served(fixture_workspace, tmp_path, "--read-only", "--host", "0.0.0.0") as (url, _):
        port = urlsplit(url).port
        assert urlsplit(url).hostname not in ("0.0.0.0", None)
        base, token = f"http://127.0.0.1:{port}", url.split("token=")[1]
        async with client() as session:
            for path, host, status in (
                ("/", f"192.168.1.7:{port}", 403), (f"/?token={token}", "evil.example", 403),
                (f"/?token={token}", f"192.168.1.7:{port}", 200), (f"/?token={token}", urlsplit(url).netloc, 200),
            ):  # fmt: skip
                async with session.get(base + path, headers={"Host": host}) as answer:
                    assert answer.status == status, (path, host)
                session.cookie_jar.clear()


def test_where_it_cannot_listen_it_says_so(
    cli: Callable[..., Ran], own_workspace: Path, tmp_path: Path
) -> None:
    ran = cli("serve", "--host", "no.such.host.invalid", "--workspace", own_workspace)
    assert ran.code == 1
    assert "bad_host" in ran.err
    with served(own_workspace, tmp_path) as (url, _):
        ran = cli("serve", "--port", str(urlsplit(url).port), "--workspace", own_workspace)
        assert ran.code == 1
        assert "port_taken" in ran.err


def test_a_store_that_cannot_be_opened_is_said_before_a_browser_comes(
    cli: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert cli("serve", "--workspace", tmp_path / "file").code == 3
    assert cli("serve", "--read-only", "--workspace", tmp_path / "none").code == 3


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lmsys_tui import serve

    monkeypatch.setattr(serve, "EXTRA", ("no_such_module_here",))
    with pytest.raises(ActionError) as caught:
        serve.serve(parse_arguments(["serve"]), tmp_path)
    assert caught.value.code == "no_serve"
    assert "lmsys-tui[serve]" in caught.value.hint


# In a browser.


async def test_in_a_real_browser(own_workspace: Path, tmp_path: Path) -> None:
    async with running(tmp_path / "profile") as browser:
        with served(own_workspace, tmp_path) as (url, process):
            page = await browser.page()
            await page.go(url)
            screen = pyte.Screen(300, 100)
            stream = pyte.ByteStream(screen)
            fed = 0

            async def wait_for(words: str) -> None:
                nonlocal fed
                for _ in range(600):
                    data = bytes(next(iter(page.received.values()), b""))
                    stream.feed(data[fed:])
                    fed = len(data)
                    if words in "\n".join(screen.display):
                        return
                    await asyncio.sleep(0.1)
                raise AssertionError(f"{words!r} is not in {screen.display}")

            await wait_for("What people ask for")
            assert await page.value("document.body.classList.contains('-first-byte')")
            assert await page.value("location.href") == origin(url) + "/"
            assert await page.value("document.cookie") == ""
            assert await page.value("document.fonts.check('16px \"Roboto Mono\"')")
            before = await page.picture()
            await page.press("?")
            await wait_for("Moving")
            await asyncio.sleep(1.0)
            after = await page.picture()
            (tmp_path / "help.png").write_bytes(after)
            (tmp_path / "explorer.png").write_bytes(before)
            assert before != after
            assert page.problems == []
            assert {urlsplit(address).netloc for address in page.requests if "://" in address} == {
                urlsplit(url).netloc
            }
            # A second tab is a second session, by the cookie alone.
            second = await browser.page()
            await second.go(origin(url) + "/")
            for _ in range(300):
                if len(children(process.pid)) == 2:
                    break
                await asyncio.sleep(0.1)
            assert len(children(process.pid)) == 2
            # A page of another origin (another host's name for the same place) gets nothing.
            stranger = await browser.page()
            await stranger.go("data:text/html,<title>x</title>")
            told = await stranger.send(
                "Runtime.evaluate",
                expression=f"new Promise(r => {{ const w = new WebSocket('ws://{urlsplit(url).netloc}/ws');"
                " w.onopen = () => r('open'); w.onerror = () => r('refused') })",
                awaitPromise=True,
            )
            assert told["result"]["value"] == "refused"
            await second.close()
            await page.close()
            for _ in range(300):
                if not children(process.pid):
                    break
                await asyncio.sleep(0.1)
            assert children(process.pid) == []
