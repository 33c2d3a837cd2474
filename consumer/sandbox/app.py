"""The sandbox's HTTP application: TikTok's one path, the sandbox's own under /sandbox/, and the page."""

from typing import Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from consumer.sandbox.api import Api
from consumer.sandbox.control import control_routes
from consumer.sandbox.page import page_routes

TRACK: Final = "/open_api/v1.3/event/track/"


def application(api: Api) -> Starlette:
    """All that the sandbox serves."""
    app = Starlette(routes=[Route(TRACK, api.track, methods=["POST"]), *control_routes(api), *page_routes(api)])
    app.router.redirect_slashes = False  # without the trailing slash it is a 404 (tiktok.md, section 1)
    app.add_middleware(_SameSite)
    return app


class _SameSite:
    """Refuses what pages of other sites would change here: a browser on this machine visits them, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_foreign = scope["type"] == "http" and (b"sec-fetch-site", b"cross-site") in scope["headers"]
        if is_foreign and scope["method"] not in {"GET", "HEAD"}:
            await Response("not from another site's page", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
