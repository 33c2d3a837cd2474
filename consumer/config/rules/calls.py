"""`call: "package.module:function"`: find the user's function when the file is loaded."""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from consumer.core.rules.source import CallSource

_FAULTS_OF_FOREIGN_CODE = (ImportError, SyntaxError, NameError, TypeError, ValueError, AttributeError, LookupError,
                           ArithmeticError, OSError, RuntimeError, AssertionError)  # fmt: skip
"""What importing a module that we don't know may raise: it runs its top level."""


def find_call(target: object, folder: Path) -> CallSource:
    """The function that the text names.

    Modules are found where `python -m` finds them: the installed packages and the current directory, the
    latter last, so that a file there can't take the place of an installed module.

    Raises:
        ValueError: there is no such function, or it does not take a record.
    """
    module_name, colon, name = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not (colon and module_name and name.isidentifier()):
        raise ValueError('not a function\'s name; write "package.module:function"')
    function = _function(module_name, name)
    _check_takes_a_record(function)
    return CallSource(str(target), function)


def _function(module_name: str, name: str) -> Callable[[dict[str, Any]], Any]:
    current = str(Path.cwd())
    if current not in sys.path:
        sys.path.append(current)
    try:
        module = import_module(module_name)
    except _FAULTS_OF_FOREIGN_CODE as error:
        text = f"the module {module_name} cannot be imported ({type(error).__name__})"
        raise ValueError(f"{text}; install it, or start in its directory") from None
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"the module {module_name} has no such function; correct the name behind the colon")
    return function


def _check_takes_a_record(function: Callable[[dict[str, Any]], Any]) -> None:
    try:
        inspect.signature(function).bind({})
    except TypeError:
        raise ValueError("must take one argument, the record as a dict; change the function") from None
    except ValueError:  # a builtin that tells nothing of its arguments
        return
    if inspect.iscoroutinefunction(function):
        raise ValueError("must be a plain function, not `async def`; it is called once an event and must not wait")
