"""What a figure was measured on: without that it says nothing."""

import os
import platform
from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")


def processor() -> str:
    """Its name, family and model: a virtual machine's name alone (`AMD EPYC`) covers processors twice as fast."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    known = [facts.get("model name", "unknown processor")]
    known += [f"{what} {facts[name]}" for what, name in (("family", "cpu family"), ("model", "model")) if name in facts]
    return " ".join(known)


def machine() -> str:
    """In words: processor, cores, memory, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux, Python {platform.python_version()}"
