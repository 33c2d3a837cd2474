"""`demo`: the whole service on this machine with nothing to install, and proof that nothing got lost.

samples (made up, with what must become of each) → playing (the real `run`) → accounts (pure) → summary.
`own` plays somebody's own records instead.
"""

from consumer.tools.demo.command import play
from consumer.tools.demo.own import show_own

__all__ = ["play", "show_own"]
