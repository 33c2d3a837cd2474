"""The process that `Spawner` has forked for each start: a program of its own, given a socket's descriptor.

A question is a line of JSON: what to start, or `{"ended": PID}`. The answer is the PID; or the exit code, null before.
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any


def _serve(questions: socket.socket) -> Mapping[str, Any] | None:
    """Answer until nobody asks any more, and return None; in a process that was forked: what to start."""
    stream = questions.makefile("rw")
    for line in stream:
        question: dict[str, Any] = json.loads(line)
        if "ended" in question:
            pid, status = os.waitpid(question["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                stream.close()
                questions.close()
                return question
        print(json.dumps(answer), file=stream, flush=True)
    return None


def _become(start: Mapping[str, Any]) -> None:
    """What a process gets from whoever starts it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(start["folder"])
    os.environ.clear()
    os.environ.update(start["env"])
    for number, file in ((1, start["out"]), (2, start["err"])):
        opened = os.open(file, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["tiktok-consumer", *start["arguments"]]


def _import_everything() -> None:
    """Also what the program imports only once it is needed: a command and its tools, the registry's client.

    An import that is missing is not seen so, nor what a process takes without it: tests/unit/test_cli_help.py,
    tests/system/test_terminal.py and what is given an environment start the program by itself.
    """
    from consumer.cli.startup import import_structlog_alone

    import_structlog_alone()
    import consumer

    for module in pkgutil.walk_packages(consumer.__path__, "consumer."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the tests' terminal is for the tests
    _import_everything()
    start = _serve(socket.socket(fileno=int(sys.argv[1])))
    if start is not None:
        _become(start)
        from consumer.cli import main

        main()
