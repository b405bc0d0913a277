"""A real Chromium for tests, driven through its DevTools protocol over a websocket."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
START_SECONDS = 60.0


def chromium() -> str:
    """The browser: what `CHROMIUM` names, or one on the path; skips the test where there is none."""
    named = os.environ.get("CHROMIUM")
    found = named if named and Path(named).is_file() else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium: install one, or name it with CHROMIUM=/path")
    return found


class Page:
    """A tab, and everything that it has told.

    Args:
        socket: A websocket to the tab's DevTools.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._task = asyncio.create_task(self._listen())
        self.requests: list[str] = []
        """Every address that was asked for."""
        self.problems: list[str] = []
        """What the console and the log call an error, exceptions, and requests that failed."""
        self.received: dict[str, bytearray] = {}
        """Bytes that came through each websocket, in order of their opening."""

    async def _listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                future = self._answers.pop(told["id"])
                if not future.done():
                    future.set_result(told.get("result", told.get("error")))
            else:
                self._note(told["method"], told["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])
            self.received[params["requestId"]] = bytearray()
        elif method == "Network.webSocketFrameReceived":
            frame = params["response"]
            data = frame["payloadData"]
            self.received[params["requestId"]] += (
                base64.b64decode(data) if frame["opcode"] == 2 else data.encode()
            )
        elif method == "Network.loadingFailed" and not params.get("canceled"):
            self.problems.append(f"failed: {params.get('errorText')}")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.problems.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(str(params["entry"]))

    async def send(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol."""
        self._number += 1
        future = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        return await asyncio.wait_for(future, 60)

    async def go(self, url: str) -> None:
        """Open an address, with everything told from the beginning."""
        for domain in ("Network", "Runtime", "Log", "Page"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        found = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        """Press a key that writes a character."""
        code = {"key": key, "text": key, "unmodifiedText": key, "windowsVirtualKeyCode": ord(key.upper())}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **code)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    async def picture(self) -> bytes:
        """A PNG of the page."""
        return base64.b64decode((await self.send("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        """Close the tab."""
        await self.send("Page.close")
        self._task.cancel()


class Browser:
    """A running Chromium.

    Args:
        session: An `aiohttp.ClientSession`.
        port: Of its DevTools.
    """

    def __init__(self, session: Any, port: int) -> None:
        self._session = session
        self._port = port

    async def page(self) -> Page:
        """A new tab."""
        base = f"http://127.0.0.1:{self._port}"
        async with self._session.put(f"{base}/json/new?about:blank") as answer:
            tab = json.loads(await answer.text())
        socket = await self._session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)
        return Page(socket)


@asynccontextmanager
async def running(folder: Path, size: tuple[int, int] = (1400, 900)) -> AsyncIterator[Browser]:
    """A headless Chromium with a profile of its own in `folder`."""
    import aiohttp

    process = subprocess.Popen(
        [
            chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--remote-debugging-port=0", f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}", "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = folder / "DevToolsActivePort"
        for _ in range(int(START_SECONDS / 0.1)):
            if told.exists() and "\n" in told.read_text():
                break
            assert process.poll() is None, "Chromium did not start"
            await asyncio.sleep(0.1)
        port = int(told.read_text().split("\n")[0])
        async with aiohttp.ClientSession() as session:
            yield Browser(session, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
