"""Which tests must kill the mutants of a module: fast ones, the likeliest first."""

from typing import Final

from tests.mutants import dedupe, deliver, settle
from tests.mutants.mutant import Mutant, mutants

LISTS: Final[dict[str, list[Mutant]]] = {
    "settle": mutants(settle.MUTANTS),
    "deliver": mutants(deliver.MUTANTS),
    "dedupe": mutants(dedupe.MUTANTS),
}

_SERVICE: Final = ("tests/unit/test_settling.py", "tests/unit/test_service.py")
_DELIVER: Final = ("tests/unit/test_deliver.py", "tests/property/test_deliver.py")
_DEDUPE: Final[tuple[str, ...]] = (
    "tests/unit/test_dedupe_claims.py",
    "tests/unit/test_dedupe_merge.py",
    "tests/unit/test_dedupe_rewind.py",
    "tests/unit/test_dedupe.py",
    "tests/unit/test_dedupe_surviving.py",
    "tests/property/test_dedupe.py",
    *_SERVICE,
)
_TESTS: Final[dict[str, tuple[str, ...]]] = {
    "consumer/core/settle.py": ("tests/unit/test_settle.py",),
    "consumer/core/letter.py": ("tests/unit/test_letter.py",),
    "consumer/core/breaker.py": ("tests/unit/test_breaker.py",),
    "consumer/core/resume.py": ("tests/unit/test_resume.py",),
    "consumer/core/park.py": ("tests/unit/test_park.py",),
    "consumer/core/pipeline.py": ("tests/unit/test_pipeline.py",),
    "consumer/core/verdict.py": ("tests/unit/test_verdict.py", *_DELIVER),
    "consumer/core/pixel.py": ("tests/unit/test_gates.py", *_DELIVER),
    "consumer/core/gates.py": ("tests/unit/test_gates.py", *_DELIVER),
    "consumer/core/pace.py": ("tests/unit/test_pace.py", *_DELIVER),
    "consumer/core/lane.py": _DELIVER,
    "consumer/core/deliver.py": _DELIVER,
    "consumer/core/batch.py": ("tests/unit/test_batch.py", *_DELIVER),
    "consumer/core/claims.py": _DEDUPE,
    "consumer/core/dedupe.py": _DEDUPE,
    "consumer/core/merge.py": _DEDUPE,
    "consumer/core/rewind.py": _DEDUPE,
    "consumer/core/sends.py": _DEDUPE,
    "consumer/core/waiting.py": _DEDUPE,
    "consumer/settling.py": _SERVICE,
    "consumer/reading.py": ("tests/unit/test_reading.py", *_SERVICE),
    "consumer/service.py": _SERVICE,
    "consumer/deduping.py": _SERVICE,
    "consumer/delivering.py": _SERVICE,
}


def killers_of(file: str) -> tuple[str, ...]:
    """The tests that must kill the mutants of a file of ours."""
    return _TESTS[file]
