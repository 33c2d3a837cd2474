"""The sandbox's HTTP application: TikTok's one path, and the sandbox's own under /sandbox/."""

from typing import Final

from starlette.applications import Starlette
from starlette.routing import Route

from consumer.tools.sandbox.api import Api
from consumer.tools.sandbox.control import control_routes

TRACK: Final = "/open_api/v1.3/event/track/"


def application(api: Api) -> Starlette:
    """All that the sandbox serves."""
    app = Starlette(routes=[Route(TRACK, api.track, methods=["POST"]), *control_routes(api)])
    app.router.redirect_slashes = False  # without the trailing slash it is a 404 (tiktok.md, section 1)
    return app
