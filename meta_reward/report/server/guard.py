"""Answers only pages of this server in a browser on this machine.

A request must name a loopback host, so that no other site's name can be pointed here (DNS rebinding), and must not come
from a page of another origin. A request that changes something must be a POST with the token of the page. Everything
else is refused, with a line that says why. The port in the name does not matter, since ssh may forward another one.
"""

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "x-meta-reward-token"
"""The header in which a page sends its token."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SAME_SITE = ("same-origin", "none")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


class Guard:
    """An application behind these rules. Headers of every answer keep caches and other sites away from it."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _NOTHING)
            await send(message)

        refused = self._refusal(scope["method"], Headers(scope=scope))
        answer = PlainTextResponse(f"{refused}\n", status_code=403) if refused else self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: Headers) -> str:
        """Why a request is refused; empty if it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if _name_of(host) not in _LOOPBACK:
            return "this server answers to 127.0.0.1 and localhost only"
        if origin is not None and origin != f"http://{host}":
            return "this server answers no page of another origin"
        if method in ("GET", "HEAD"):
            return ""
        if origin is None or headers.get("sec-fetch-site", "none") not in _SAME_SITE:
            return "this server takes changes from its own pages only"
        if not secrets.compare_digest(headers.get(TOKEN, "").encode(), self._token.encode()):
            return "the page is not from this server as it runs now: load it again"
        return ""


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname if "@" not in host else None
    except ValueError:
        return None
