"""The page of `lmsys-tui serve`: a terminal from edge to edge, from this server alone."""

from __future__ import annotations

import html

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>lmsys-tui</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/xterm.css">
<style nonce="{nonce}">
@font-face {{ font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); font-weight: 100 700; }}
html, body {{ margin: 0; height: 100%; overflow: hidden; background: #121212; color: #e0e0e0;
  font-family: "Roboto Mono", monospace; }}
.textual-terminal {{ width: 100vw; height: 100vh; }}
#state {{ position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; z-index: 10;
  background: #121212; }}
body.-first-byte #state {{ display: none; }}
body.-closed #state {{ display: flex; }}
#over {{ display: none; }}
body.-closed #over {{ display: block; }}
body.-closed #begins {{ display: none; }}
button {{ font: inherit; padding: 0.5em 1em; }}
</style>
<script nonce="{nonce}">history.replaceState(null, "", "/");</script>
<script src="/static/js/textual.js"></script>
</head>
<body>
<div id="state">
<div id="begins">Starting&hellip; <button id="start" hidden>Start</button></div>
<div id="over">The session is over. <button id="again">Begin again</button></div>
</div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}" data-font-size="{size}"></div>
<script nonce="{nonce}">
document.getElementById("again").addEventListener("click", () => location.reload());
// The keys belong to the terminal from its first byte on, without a click.
new MutationObserver((_, observer) => {{
  if (document.body.classList.contains("-first-byte")) {{
    observer.disconnect();
    document.querySelector(".xterm-helper-textarea")?.focus();
  }}
}}).observe(document.body, {{ attributeFilter: ["class"] }});
</script>
</body>
</html>
"""


def page(host: str, nonce: str, size: int) -> str:
    """The page.

    Args:
        host: The `Host` of the request, to which the websocket goes, too.
        nonce: Of the page's own scripts.
        size: Of the letters, in pixels.
    """
    return _PAGE.format(nonce=nonce, size=size, socket=html.escape(f"ws://{host}/ws", quote=True))


def policy(host: str, nonce: str) -> str:
    """The page's Content-Security-Policy: nothing from anywhere else, and no script but its own.

    The terminal writes styles of its own, which must be allowed.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; font-src 'self';"
        f" img-src 'self' data:; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
