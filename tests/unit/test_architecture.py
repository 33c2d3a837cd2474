"""The rules of the layout, checked: who may import whom, where exceptions end, how long files and functions get."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CONSUMER: Final = ROOT / "consumer"
CORE: Final = "consumer.core"
MODEL: Final = (CONSUMER / "core" / "model.py").read_text()

NEUTRAL: Final = frozenset({"model", "errors", "source", "getter"})
"""What every stage may import. They know only those before them in the order of the layout."""
STAGES: Final = {
    "decode": {"decode", "framing", "schemas", "straight", "guard", "walk", "bounds", "lookups"},
    "route": {"route", "compare"},
    "map": {"mapping"},
    "normalize": {
        "normalize", "fields", "identifiers", "numbers", "times", "currencies", "places", "addresses",
    },
    "validate": {"validate"},
    "dedupe": {"dedupe", "claims", "merge", "rewind", "waiting", "sends", "shared", "shared_store"},
    "batch": {"batch"},
    "deliver": {"deliver", "lane", "pixel", "pace", "verdict", "request", "gates", "park"},
    "settle": {"settle", "letter", "told", "breaker", "resume"},
}  # fmt: skip
OF_ONE_RECORD: Final = ("decode", "route", "map", "normalize", "validate")

_PARTS: Final = (
    *("service", "reading", "deduping", "sharing", "delivering", "parking", "settling", "telling", "looking_up"),
    *("published", "publishing", "ports", "metrics", "logs"),
    *(f"status.{part}" for part in ("model", "merging", "history", "remedies", "stages", "reporting")),
)
SERVICE_PARTS: Final = frozenset(f"consumer.{part}" for part in _PARTS)
COMPOSITION: Final = frozenset({"consumer.cli", "consumer.compose", "consumer.running"})

_DOES_IO: Final = frozenset(
    {
        *("time", "random", "secrets", "os", "socket", "logging", "subprocess", "threading", "multiprocessing"),
        *("concurrent", "asyncio", "select", "selectors", "ssl", "http", "ftplib", "smtplib", "shutil", "tempfile"),
        *("glob", "signal", "sqlite3", "queue", "sched", "platform", "getpass"),
    }
)
CORE_MAY_IMPORT: Final = (sys.stdlib_module_names - _DOES_IO) | {"fastavro", "msgspec", "phonenumbers", "re2"}
IMPURE_CALLS: Final = frozenset({"open", "print", "input", "now", "utcnow", "today", "uuid1", "uuid4", "read_text"})

CATCHES_ALL: Final = {
    "consumer/core/pipeline.py": 1,  # the deciding of one record (promise 11)
    "consumer/core/getter.py": 1,  # a user's function, which may raise anything: map.call
    "consumer/cli.py": 1,  # the outermost frame of the process
    "consumer/edges/tiktok.py": 1,  # the outermost frame of a sender thread
    "consumer/tools/sandbox/server.py": 1,  # the outermost frame of its thread: told to the one that waits for it
}
LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 60
_SAYS_ITSELF: Final = ": N812"
"""`error as StructError` has no more to say than that."""
_IGNORE: Final = re.compile(r"#\s*(type:\s*ignore|noqa)\b(?P<codes>[:\[]?[A-Za-z0-9:,\[\] -]*?)(?P<reason>\s+[#—].*)?$")


def modules(under: Path = CONSUMER) -> list[Path]:
    return sorted(path for path in under.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, inside of functions as well; `from package import module` is the module."""
    return {name for node in ast.walk(ast.parse(path.read_text())) for name in _named(node)}


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "relative imports hide who imports whom"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if _is_module(inner) else node.module or ""


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def _file_of(name: str) -> Path:
    place = ROOT.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def ours(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "consumer"}


def is_within(name: str, packages: frozenset[str] | set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def core_modules() -> list[Path]:
    return [path for path in modules(CONSUMER / "core") if path.stem != "__init__"]


def siblings(path: Path) -> set[str]:
    """The modules of core that a module of core imports."""
    return {name.removeprefix(f"{CORE}.") for name in ours(path)}


def test_core_imports_nothing_that_does_io_or_tells_the_time() -> None:
    for path in core_modules():
        foreign = imports(path) - ours(path)
        assert {name.split(".")[0] for name in foreign} <= CORE_MAY_IMPORT, path
        assert "urllib.request" not in foreign, path


def test_core_calls_nothing_that_does_io_or_tells_the_time() -> None:
    for path in core_modules():
        called = {_callee(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
        assert not called & IMPURE_CALLS, path


def _callee(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def test_core_imports_of_ours_only_core() -> None:
    for path in core_modules():
        assert all(name.startswith(f"{CORE}.") for name in ours(path)), path


def test_every_module_of_core_belongs_to_one_stage() -> None:
    belonging = [*NEUTRAL, "pipeline", *(part for parts in STAGES.values() for part in parts)]

    assert sorted(belonging) == sorted(path.stem for path in core_modules())


def test_neutral_modules_know_only_one_another() -> None:
    allowed = {"model": set(), "errors": {"model"}, "source": {"model"}, "getter": {"model", "errors", "source"}}
    for name, may in allowed.items():
        assert siblings(CONSUMER / "core" / f"{name}.py") <= may, name


@pytest.mark.parametrize("stage", STAGES)
def test_stages_do_not_know_each_other(stage: str) -> None:
    for part in STAGES[stage]:
        assert siblings(CONSUMER / "core" / f"{part}.py") <= NEUTRAL | STAGES[stage], part


def test_the_pipeline_knows_only_the_stages_of_one_record() -> None:
    allowed = NEUTRAL.union(*(STAGES[stage] for stage in OF_ONE_RECORD))

    assert siblings(CONSUMER / "core" / "pipeline.py") <= allowed


def test_the_service_sees_edges_only_as_its_own_protocols() -> None:
    for name in SERVICE_PARTS:
        assert all(is_within(other, SERVICE_PARTS | {CORE}) for other in ours(_file_of(name))), name


def test_the_service_is_told_the_time_and_draws_no_chance() -> None:
    for name in SERVICE_PARTS:
        assert not imports(_file_of(name)) & {"time", "random", "threading", "socket", "os"}, name


def test_numbers_and_logs_know_nothing_of_ours() -> None:
    assert not ours(CONSUMER / "metrics.py")
    assert not ours(CONSUMER / "logs.py")


def test_the_configuration_knows_only_core() -> None:
    for path in modules(CONSUMER / "config"):
        assert all(is_within(name, {"consumer.config", CORE}) for name in ours(path)), path


def test_edges_know_core_and_what_is_published_and_nothing_that_decides() -> None:
    allowed = {"consumer.edges", "consumer.metrics", "consumer.published", "consumer.pages"}
    deciding = {f"{CORE}.pipeline", *(f"{CORE}.{stage}" for stage in ("dedupe", "batch", "deliver", "settle"))}
    for path in modules(CONSUMER / "edges"):
        assert all(is_within(name, allowed | {CORE}) for name in ours(path)), path
        assert not ours(path) & deciding, path


def test_only_the_composition_and_tools_know_edges() -> None:
    for path in modules():
        if is_within(name_of(path), COMPOSITION | {"consumer.edges", "consumer.tools"}):
            continue
        assert not any(is_within(name, {"consumer.edges"}) for name in ours(path)), path


def test_only_the_command_line_knows_tools() -> None:
    for path in modules():
        if is_within(name_of(path), {"consumer.cli", "consumer.tools"}):
            continue
        assert not any(is_within(name, {"consumer.tools"}) for name in ours(path)), path


def test_the_sandbox_shares_nothing_with_what_it_judges() -> None:
    for path in modules(CONSUMER / "tools" / "sandbox"):
        assert all(is_within(name, {"consumer.tools.sandbox", "consumer.pages"}) for name in ours(path)), path


def test_pages_are_files_and_know_nothing_of_ours() -> None:
    for path in modules(CONSUMER / "pages"):
        assert not ours(path), path


@pytest.mark.parametrize("kind", ["system", "endurance", "chaos", "pages"])
def test_black_box_tests_import_nothing_of_what_they_test(kind: str) -> None:
    seen: set[Path] = set()
    waiting = [*modules(ROOT / "tests" / kind), ROOT / "tests" / "conftest.py"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            assert not ours(path), path
            waiting += [_file_of(name) for name in _of_tests(path)]


def _of_tests(path: Path) -> set[str]:
    return {name for name in imports(path) if name.startswith("tests.") and _is_module(name)}


def test_nothing_but_the_outermost_frames_catches_everything() -> None:
    found = {str(path.relative_to(ROOT)): _catching_all(path) for path in modules()}

    assert {path: count for path, count in found.items() if count} == CATCHES_ALL


def _catching_all(path: Path) -> int:
    handlers = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)]
    return sum(_catches_all(handler.type) for handler in handlers)


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_all(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))


def test_whatever_a_checker_is_told_to_overlook_has_its_reason_behind_it() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (ignored := _IGNORE.search(line)) and not _has_reason(ignored)
    ]

    assert found == []


def _has_reason(ignored: re.Match[str]) -> bool:
    codes = ignored["codes"]
    return codes == _SAYS_ITSELF or (len(codes) > 2 and ignored["reason"] is not None)


def test_no_file_and_no_function_grows_beyond_what_can_be_read() -> None:
    for path in modules():
        text = path.read_text()
        assert len(text.splitlines()) <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_every_reason_and_problem_is_given_somewhere() -> None:
    text = "".join(path.read_text() for path in modules() if path.stem != "model" and "tools" not in path.parts)
    named = re.findall(r"^class (RejectReason|Problem|DropReason)\(StrEnum\):\n(.*?)^(?=\S)", MODEL, re.M | re.S)
    members = {f"{name}.{member}" for name, body in named for member in re.findall(r"^    ([A-Z0-9_]+) = ", body, re.M)}

    assert len(members) > 50
    assert {member for member in members if member not in text} == set()
