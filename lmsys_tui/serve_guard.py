"""Who may talk to `lmsys-tui serve`: whoever has the token, from a page of its own, under a name that is this machine's."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TOKEN_BYTES = 32


def _secret() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Guard:
    """What a request must show.

    A page elsewhere whose name is made to point to this machine (DNS rebinding) comes under that name: any name but
    this machine's is refused. Numbers cannot be made to point elsewhere.

    Args:
        host: Where the server was asked to listen; `None`: on this machine alone.
        names: Names of this machine that count where it was asked to listen elsewhere, too.
    """

    host: str | None = None
    names: tuple[str, ...] = ()
    token: str = field(default_factory=_secret)
    """Stands in the address that is printed."""
    pass_: str = field(default_factory=_secret)
    """The cookie that whoever showed the token gets."""

    def refusal(self, host: str, origin: str | None, *, socket: bool) -> str:
        """Why a request may not be answered, whatever it knows; empty when it may.

        Args:
            host: Its `Host` header.
            origin: Its `Origin` header.
            socket: Whether it opens a websocket, which a page of any origin may try.
        """
        if not self._known(host):
            return "This is not the address of this server."
        if origin is None:
            return "A websocket needs an origin." if socket else ""
        return "" if origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}") else (
            "This comes from a page of another origin."
        )  # fmt: skip

    def _known(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in LOOPBACK:
            return True
        return self.host is not None and (
            name == self.host.lower() or name in self.names or _is_address(name)
        )

    def knows(self, token: str | None, cookie: str | None) -> bool:
        """Whether a request shows the token or the cookie; takes the same time however much of it is right."""
        return _same(token, self.token) or _same(cookie, self.pass_)


def _same(given: str | None, wanted: str) -> bool:
    return given is not None and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8")
    )
