"""Hosts on one machine: network namespaces of the test's own, joined by a bridge, each with an address and a name.

    with Hosts(["kafka", "consumer-1"]) as hosts:
        hosts.inside("kafka", ["java", …])     # the command line that runs it there
        hosts.file                             # what /etc/hosts holds

Only root may make them. They end with the processes that hold them.
"""

import os
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

_NETWORK: Final = "10.77.0"
_BRIDGE: Final = "bridge"


class Hosts:
    def __init__(self, names: Sequence[str]) -> None:
        self.addresses: Final = {name: f"{_NETWORK}.{number}" for number, name in enumerate(names, start=10)}
        self._holders: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def file(self) -> str:
        known = [f"{address} {name}\n" for name, address in self.addresses.items()]
        return "".join(["127.0.0.1 localhost\n", *known])

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._holders[name].pid}/ns/net", *command]

    def __enter__(self) -> Self:
        assert os.getuid() == 0, "network namespaces need root: run this test as root"
        try:
            self._hold(_BRIDGE)
            self._ip(_BRIDGE, "link", "add", _BRIDGE, "type", "bridge")
            self._ip(_BRIDGE, "link", "set", _BRIDGE, "up")
            for number, name in enumerate(self.addresses):
                self._join(name, f"port{number}")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _hold(self, name: str) -> None:
        """Begin a namespace, held by a process that waits for its standard input to close."""
        command = ["unshare", "--net", "sh", "-c", "echo; read -r _"]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdout is not None
        holder.stdout.readline()
        self._holders[name] = holder

    def _join(self, name: str, port: str) -> None:
        self._hold(name)
        pid = str(self._holders[name].pid)
        self._ip(_BRIDGE, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", pid)
        self._ip(_BRIDGE, "link", "set", port, "master", _BRIDGE, "up")
        self._ip(name, "address", "add", f"{self.addresses[name]}/24", "dev", "eth0")
        self._ip(name, "link", "set", "lo", "up")
        self._ip(name, "link", "set", "eth0", "up")

    def _ip(self, name: str, *arguments: str) -> None:
        subprocess.run(self.inside(name, ["ip", *arguments]), check=True, timeout=30)

    def _end(self) -> None:
        for holder in self._holders.values():
            holder.communicate()
