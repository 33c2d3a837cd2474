"""`call: "package.module:function"`: find the user's function when the file is loaded."""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from consumer.core.rules.source import CallSource

_FAULTS_OF_FOREIGN_CODE = (ImportError, SyntaxError, NameError, TypeError, ValueError, AttributeError, LookupError,
                           ArithmeticError, OSError, RuntimeError, AssertionError)  # fmt: skip
"""What importing an unknown module may raise: it runs its top level."""


def find_call(target: object, folder: Path) -> CallSource:
    """The function that the text names.

    Its module is looked up in the configuration file's folder first, then where `python -m` finds modules: among the
    installed packages, and in the current directory.

    Args:
        folder: that of the configuration file.

    Raises:
        ValueError: there is no such function, or it does not take a record.
    """
    module_name, colon, name = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not (colon and module_name and name.isidentifier()):
        raise ValueError('not a function\'s name; write "package.module:function"')
    function = _function(module_name, name, folder)
    _check_takes_a_record(function)
    return CallSource(str(target), function)


def _function(module_name: str, name: str, folder: Path) -> Callable[[dict[str, Any]], Any]:
    current = str(Path.cwd())
    if current not in sys.path:
        sys.path.append(current)
    try:
        module = _module(module_name, folder)
    except _FAULTS_OF_FOREIGN_CODE as error:
        text = f"the module {module_name} cannot be imported ({type(error).__name__})"
        raise ValueError(f"{text}; put it into the configuration file's folder, or install it") from None
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"the module {module_name} has no such function; correct the name behind the colon")
    return function


def _module(name: str, folder: Path) -> ModuleType:
    """Beside the file it is found first, but only the user's own: what is loaded already stays what it is."""
    top = name.partition(".")[0]
    is_beside = (folder / f"{top}.py").is_file() or (folder / top).is_dir()
    if not is_beside or top in sys.stdlib_module_names:
        return import_module(name)
    sys.path.insert(0, str(folder))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(folder))


def _check_takes_a_record(function: Callable[[dict[str, Any]], Any]) -> None:
    try:
        inspect.signature(function).bind({})
    except TypeError:
        raise ValueError("must take one argument, the record as a dict; change the function") from None
    except ValueError:  # a builtin that says nothing of its arguments
        return
    if inspect.iscoroutinefunction(function):
        raise ValueError("must be a plain function, not `async def`; it is called once an event and must not wait")
