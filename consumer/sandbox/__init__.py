"""A strict local stand-in for TikTok's Events API: it checks requests, keeps events, and misbehaves on request.

Way of a request: api (read, misbehave) → judge (quick, else rules) → store (remember).
It shares no code with the service it judges: `rules` is a second, independent reading of what TikTok asks for.
"""

from consumer.sandbox.api import SandboxSettings
from consumer.sandbox.server import Sandbox, serve

__all__ = ["Sandbox", "SandboxSettings", "serve"]
