"""`demo`: the whole service on this machine with nothing to install, and proof that nothing got lost.

samples (made up, with what must become of each) → playing (the real `run`) → accounts (pure) → summary.
`own` plays somebody's own records instead.
"""

from consumer.commands.demo.demo_command import play
from consumer.commands.demo.own_records import show_own

__all__ = ["play", "show_own"]
