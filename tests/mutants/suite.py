"""Which tests must kill the mutants of a module: fast ones, the likeliest first."""

from typing import Final

from tests.mutants import dedupe, deliver, settle
from tests.mutants.mutant import Mutant, mutants

LISTS: Final[dict[str, list[Mutant]]] = {
    "settle": mutants(settle.MUTANTS),
    "deliver": mutants(deliver.MUTANTS),
    "dedupe": mutants(dedupe.MUTANTS),
}

_SERVICE: Final = ("tests/unit/test_service_settle.py", "tests/unit/test_service_loop.py")
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
    "consumer/core/settle/ledger.py": ("tests/unit/test_ledger.py",),
    "consumer/core/settle/envelope.py": ("tests/unit/test_envelope.py",),
    "consumer/core/settle/breaker.py": ("tests/unit/test_breaker.py",),
    "consumer/core/read.py": ("tests/unit/test_read.py",),
    "consumer/core/deliver/parking.py": ("tests/unit/test_parking.py",),
    "consumer/core/pipeline.py": ("tests/unit/test_pipeline.py",),
    "consumer/core/deliver/response.py": ("tests/unit/test_response.py", *_DELIVER),
    "consumer/core/deliver/pixel_state.py": ("tests/unit/test_pixel_gates.py", *_DELIVER),
    "consumer/core/deliver/pixel_gates.py": ("tests/unit/test_pixel_gates.py", *_DELIVER),
    "consumer/core/deliver/rate_limit.py": ("tests/unit/test_rate_limit.py", *_DELIVER),
    "consumer/core/deliver/pixel_queue.py": _DELIVER,
    "consumer/core/deliver/delivery.py": _DELIVER,
    "consumer/core/batch.py": ("tests/unit/test_batch.py", *_DELIVER),
    "consumer/core/dedupe/claims.py": _DEDUPE,
    "consumer/core/dedupe/window.py": _DEDUPE,
    "consumer/core/dedupe/merge.py": _DEDUPE,
    "consumer/core/dedupe/checkpoint.py": _DEDUPE,
    "consumer/core/dedupe/submissions.py": _DEDUPE,
    "consumer/core/dedupe/merge_wait.py": _DEDUPE,
    "consumer/service/settle.py": _SERVICE,
    "consumer/service/read.py": ("tests/unit/test_service_read.py", *_SERVICE),
    "consumer/service/loop.py": _SERVICE,
    "consumer/service/dedupe.py": _SERVICE,
    "consumer/service/deliver.py": _SERVICE,
}


def killers_of(file: str) -> tuple[str, ...]:
    """The tests that must kill the mutants of a file of ours."""
    return _TESTS[file]
