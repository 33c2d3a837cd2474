"""`call: "package.module:function"`: find the user's function when the file is loaded."""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from consumer.config.rules.written import Written
from consumer.core.rules.source import CallSource

_FAULTS_OF_FOREIGN_CODE = (ImportError, SyntaxError, NameError, TypeError, ValueError, AttributeError, LookupError,
                           ArithmeticError, OSError, RuntimeError, AssertionError)  # fmt: skip
"""What importing a module that we don't know may raise: it runs its top level."""


def read_call(written: Written) -> CallSource | None:
    """The function that the text names.

    Modules are found where `python -m` finds them: the installed packages and the current directory, the
    latter last, so that a file there can't take the place of an installed module.
    """
    target = written.text()
    if target is None:
        return None
    module_name, colon, name = target.partition(":")
    if not (colon and module_name and name.isidentifier()):
        written.fail('not a function\'s name; write "package.module:function"')
        return None
    function = _function(written, module_name, name)
    return CallSource(target, function) if function and _takes_a_record(written, function) else None


def _function(written: Written, module_name: str, name: str) -> Callable[[dict[str, Any]], Any] | None:
    current = str(Path.cwd())
    if current not in sys.path:
        sys.path.append(current)
    try:
        module = import_module(module_name)
    except _FAULTS_OF_FOREIGN_CODE as error:
        written.fail(
            f"the module {module_name} cannot be imported ({type(error).__name__}); "
            "install it, or start in its directory"
        )
        return None
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, name, None)
    if not callable(function):
        written.fail(f"the module {module_name} has no such function; mend the name behind the colon")
        return None
    return function


def _takes_a_record(written: Written, function: Callable[[dict[str, Any]], Any]) -> bool:
    try:
        inspect.signature(function).bind({})
    except TypeError:
        written.fail("must take one argument, the record as a dict; change the function")
        return False
    except ValueError:  # a builtin that tells nothing of its arguments
        return True
    if inspect.iscoroutinefunction(function):
        written.fail("must be a plain function, not `async def`; it is called once an event and must not wait")
        return False
    return True
