"""`demo`: the whole service on this machine with nothing to install, and proof that nothing got lost.

samples (made up, with what must become of each) → playing (the real `run`) → accounts (pure) → summary.
"""

from consumer.tools.demo.command import play

__all__ = ["play"]
