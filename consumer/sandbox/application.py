"""The sandbox's HTTP application: TikTok's one path, the sandbox's own under /sandbox/, and the page."""

import re
from ipaddress import ip_address
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from consumer.sandbox.api import Api
from consumer.sandbox.control import control_routes
from consumer.sandbox.event_page import page_routes

TRACK: Final = "/open_api/v1.3/event/track/"


def application(api: Api) -> Starlette:
    """All that the sandbox serves."""
    app = Starlette(routes=[Route(TRACK, api.track, methods=["POST"]), *control_routes(api), *page_routes(api)])
    app.router.redirect_slashes = False  # without the trailing slash it is a 404 (docs/tiktok.md §1)
    app.add_middleware(_OwnPagesOnly)
    return app


class _OwnPagesOnly:
    """Keeps pages of other sites out: a browser on this machine visits them, too.

    A page whose name was made to point at this machine (DNS rebinding) is recognised by the Host it asks for, one that
    sends requests across sites by its Origin. TikTok's own path is for senders, which may know the sandbox by any name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = _foreign(scope["method"], Headers(scope=scope)) if _is_guarded(scope) else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await Response(problem, 403, media_type="text/plain")(scope, receive, send)


def _is_guarded(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"] not in {TRACK, "/healthz"}


def _foreign(method: str, headers: Headers) -> str | None:
    host = headers.get("host", "")
    if not is_own_host(host):
        return f"Host is not a name of this machine; open the sandbox by its address, or as localhost, not as {host!r}"
    if method in {"GET", "HEAD"}:
        return None
    origin = headers.get("origin")
    if origin is None:  # browsers name the origin of every write; without it, it must be a program
        is_browser = "sec-fetch-site" in headers or headers.get("user-agent", "").startswith("Mozilla/")
        return "a browser's write needs an Origin" if is_browser else None
    return None if origin == f"http://{host}" else "writes are taken from the sandbox's own page only"


def is_own_host(host: str) -> bool:
    """True for what no stranger's DNS can make point here: addresses, and names without a public domain."""
    name = host.rpartition(":")[0] if _PORT.search(host) else host
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    try:
        ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(_PRIVATE_ENDINGS))
    return True


_PORT: Final = re.compile(r":\d+$")
_PRIVATE_ENDINGS: Final = (".localhost", ".local", ".internal")
"""RFC 6761, RFC 6762, and the one that ICANN reserved for private use in 2024: none can be registered."""
