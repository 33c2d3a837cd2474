"""Say what is missing before `make` builds the virtual environment; runs on any Python 3."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts `make` may have an older one
    sys.exit("Python 3.11 or later is needed. Name another one: make PYTHON=python3.12 …")

if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
    sys.exit("Python's venv module is not whole. On Debian and Ubuntu: apt-get install python3-venv")
