"""The web server of `lmsys-tui serve`: textual-serve's terminal in a browser, behind a guard.

Imported where the extra `serve` is installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shlex
import signal
import socket
from collections.abc import Callable, Sequence

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from lmsys_tui.serve_guard import Guard
from lmsys_tui.serve_page import HEADERS, page, policy

MOST_TABS = 16
"""Each tab is a process; more than so many at once are refused."""

STOP_SECONDS = 8.0
"""How long a tab's process may take to leave before it is killed."""

SMALLEST, LARGEST = 6, 60
"""Pixels of the letters."""

_OF_THE_TERMINAL = ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
"""Variables about the terminal in which the server runs, which is none of the browser's."""


class Tab(AppService):
    """The process of one tab."""

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment: dict[str, str] = super()._build_environment(width, height)
        return {name: value for name, value in environment.items() if name not in _OF_THE_TERMINAL}

    async def stop(self) -> None:
        """Ask the process to leave; kill it when it does not."""
        try:
            await asyncio.wait_for(super().stop(), STOP_SECONDS)
        except (TimeoutError, ConnectionError):
            self.kill()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


class GuardedServer(Server):
    """Serves the terminal to those whom the guard lets in.

    Args:
        command: The words of the command that each tab runs.
        guard: Who is let in.
        cookie: The name of the cookie.
    """

    def __init__(self, command: Sequence[str], guard: Guard, cookie: str) -> None:
        # Without `exec` a shell might stand between, and be killed in the place of the program.
        super().__init__("exec " + shlex.join(command), title="lmsys-tui")
        self.guard = guard
        self.cookie = cookie
        self.tabs: set[Tab] = set()
        self.sockets: set[web.WebSocketResponse] = set()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded()])
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/ws", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_response_prepare.append(self._head)
        app.on_shutdown.append(self._leave)
        return app

    def _guarded(self) -> Middleware:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            why = self.guard.refusal(
                request.host, request.headers.get("Origin"), socket=request.path == "/ws"
            )
            token = request.query.get("token") if request.path == "/" else None
            if not why and not self.guard.knows(token, request.cookies.get(self.cookie)):
                why = "This needs the address with its token, as lmsys-tui serve has printed it."
            if why:
                raise web.HTTPForbidden(text=f"{why}\n")
            return await handler(request)

        return middleware

    async def _head(self, request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG002
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)

    async def _index(self, request: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        size = min(max(to_int(request.query.get("fontsize", "16"), 16), SMALLEST), LARGEST)
        response = web.Response(text=page(request.host, nonce, size), content_type="text/html")
        response.headers["Content-Security-Policy"] = policy(request.host, nonce)
        response.set_cookie(self.cookie, self.guard.pass_, httponly=True, samesite="Strict", path="/")
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a process for as long as a tab is open."""
        if len(self.tabs) >= MOST_TABS:
            raise web.HTTPServiceUnavailable(text="Too many tabs are open.\n")
        connection = web.WebSocketResponse(heartbeat=15)

        async def close() -> None:
            await connection.close()

        tab = Tab(
            self.command,
            write_bytes=connection.send_bytes,
            write_str=connection.send_str,
            close=close,
            download_manager=self.download_manager,
        )
        self.tabs.add(tab)
        self.sockets.add(connection)
        try:
            await connection.prepare(request)
            width, height = (to_int(request.query.get(name, ""), 0) for name in ("width", "height"))
            await tab.start(min(max(width, 1), 1_000), min(max(height, 1), 500))
            # What is no message of the terminal ends the tab, and nothing else.
            with contextlib.suppress(ValueError, TypeError, KeyError, IndexError, AssertionError):
                await self._process_messages(connection, tab)
        finally:
            self.sockets.discard(connection)
            try:
                await tab.stop()
            finally:
                tab.kill()
                self.tabs.discard(tab)
        return connection

    async def _leave(self, app: web.Application) -> None:  # noqa: ARG002
        for connection in tuple(self.sockets):
            await connection.close(code=WSCloseCode.GOING_AWAY)

    async def run(self, listening: socket.socket, begun: Callable[[], None]) -> None:
        """Serve until a signal comes; a second one ends every process at once.

        Args:
            listening: A socket that is bound.
            begun: Called when requests are taken.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if stop.is_set():
                for tab in self.tabs:
                    tab.kill()
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, asked)
        # No access log: the token would stand in it.
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=STOP_SECONDS + 2)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            begun()
            await stop.wait()
        finally:
            await runner.cleanup()
