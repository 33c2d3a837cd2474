"""What this process has used. Imports nothing that must be installed: other libraries' environments run it, too."""

import resource


def cpu_s() -> float:
    """CPU seconds so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
