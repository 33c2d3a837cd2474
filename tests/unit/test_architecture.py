"""The rules of the code that import-linter (pyproject.toml) does not know: purity, where exceptions end, lengths."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CONSUMER: Final = ROOT / "consumer"
CORE: Final = "consumer.core"
REASONS: Final = (CONSUMER / "core" / "reasons.py").read_text()

_DOES_IO: Final = frozenset(
    {
        *("time", "random", "secrets", "os", "socket", "logging", "subprocess", "threading", "multiprocessing"),
        *("concurrent", "asyncio", "select", "selectors", "ssl", "http", "ftplib", "smtplib", "shutil", "tempfile"),
        *("glob", "signal", "sqlite3", "queue", "sched", "platform", "getpass"),
    }
)
MAY_BE_IMPORTED_BY_CORE: Final = (sys.stdlib_module_names - _DOES_IO) | {
    "fastavro",
    "msgspec",
    "phonenumbers",
    "re2",
    "cel",
}
IMPURE_CALLS: Final = frozenset({"open", "print", "input", "now", "utcnow", "today", "uuid1", "uuid4", "read_text"})

CATCHES_ALL: Final = {
    "consumer/core/decode/decoder.py": 1,  # whatever a schema does to its parser: decode.schema_unusable
    "consumer/core/pipeline.py": 2,  # decoding one record, and each other stage of one (promise 11)
    "consumer/core/rules/getters.py": 1,  # a user's function, which may raise anything: map.call
    "consumer/cli/command_line.py": 1,  # the outermost frame of the process
    "consumer/adapters/tiktok_client.py": 1,  # the outermost frame of a sender thread
    "consumer/adapters/redis_window.py": 1,  # the outermost frame of the thread that asks Redis
    "consumer/sandbox/server.py": 1,  # the outermost frame of its thread: told to the one that waits for it
}
LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 40
MOST_MODULES: Final = 12
"""In a folder, besides its `__init__`."""
_SAYS_ITSELF: Final = ": N812"
"""`error as StructError` has no more to say than that."""
_IGNORE: Final = re.compile(r"#\s*(type:\s*ignore|noqa)\b(?P<codes>[:\[]?[A-Za-z0-9:,\[\] -]*?)(?P<reason>\s+[#—].*)?$")


def modules(under: Path = CONSUMER) -> list[Path]:
    return sorted(path for path in under.rglob("*.py") if "__pycache__" not in path.parts)


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


def core_modules() -> list[Path]:
    return modules(CONSUMER / "core")


def test_core_imports_nothing_that_does_io_or_tells_the_time() -> None:
    for path in core_modules():
        foreign = imports(path) - ours(path)
        assert {name.split(".")[0] for name in foreign} <= MAY_BE_IMPORTED_BY_CORE, path
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


def test_no_test_module_imports_another() -> None:
    shared = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(ROOT / "tests")
        for name in _of_tests(path)
        if name.rpartition(".")[2].startswith("test_")
    }

    assert shared == set()  # what several need is in tests/support


def _of_tests(path: Path) -> set[str]:
    return {name for name in imports(path) if name.startswith("tests.") and _is_module(name)}


def test_the_service_is_told_the_time_and_draws_no_chance() -> None:
    for path in modules(CONSUMER / "service"):
        assert not imports(path) & {"time", "random", "threading", "socket", "os"}, path


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


def test_no_folder_holds_more_modules_than_can_be_taken_in_at_a_glance() -> None:
    folders = Counter(path.parent for path in modules() if path.stem != "__init__")

    assert {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_each_public_class_has_a_name_of_its_own() -> None:
    assert shared_names(CONSUMER) == {}


def test_a_class_name_that_stands_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Ledger: ...\nclass _Private: ...\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "two.py").write_text("class Ledger: ...\nclass _Private: ...\n")

    assert shared_names(tmp_path) == {"Ledger": ["one.py", "other/two.py"]}


def shared_names(root: Path) -> dict[str, list[str]]:
    """Public classes of one name, and where each stands."""
    places: dict[str, list[str]] = {}
    for path in modules(root):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(root)))
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def test_every_reason_and_problem_is_given_somewhere() -> None:
    text = "".join(path.read_text() for path in modules() if path.stem != "reasons" and "commands" not in path.parts)
    named = re.findall(r"^class (RejectReason|Problem|DropReason)\(StrEnum\):\n(.*?)^(?=\S|\Z)", REASONS, re.M | re.S)
    members = {f"{name}.{member}" for name, body in named for member in re.findall(r"^    ([A-Z0-9_]+) = ", body, re.M)}

    assert len(members) > 50
    assert {member for member in members if member not in text} == set()


def test_one_way_to_a_registry_s_client_so_that_every_answer_is_bounded() -> None:
    """The demo's visitors write to a registry of their own, as a shop would."""
    files = [file for file in Path("consumer").rglob("*.py") if "SchemaRegistryClient(" in file.read_text()]

    assert sorted(map(str, files)) == ["consumer/adapters/registry_client.py", "consumer/commands/demo/visitors.py"]
