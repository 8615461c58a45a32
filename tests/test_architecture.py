"""The architecture as agreed: layers, forbidden imports and names, one door to the clock, small pages, a tidy top level."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LAYERS = ("storage", "engine", "pages")  # from below to above; app.py is on top
TOP_LEVEL = {
    *("app.py", "pages", "engine", "storage", "tests", "practice", "benchmarks", "docs"),
    *("pyproject.toml", "requirements.txt", "requirements-dev.txt", "Makefile", "README.md", "CHANGELOG.md"),
    *(".streamlit", ".ci", ".gitignore", "LICENSE"),
}
GRAB_BAGS = re.compile(r"^(utils?|helpers?|common|misc|base|.*_service|.*_manager|.*_utils?|.*_helpers?)$")
STEALTH = re.compile(
    r"stealth|undetected|patchright|camoufox|nodriver|rebrowser|fake.?useragent|2captcha|anticaptcha|capsolver"
)
SECOND_SQLITE = {"adbc_driver_sqlite", "sqlite_scanner", "cysqlite", "apsw", "aiosqlite"}
LONGEST_PAGE = 145  # about 120, and a little room for forms
LONGEST_FILE = 300


@dataclass(frozen=True)
class Import:
    of: str  # the importing module
    name: str  # what it imports, as far as it can be a module
    line: int
    is_inside: bool  # a function


@cache
def modules() -> dict[str, Path]:
    """Every module of ours that runs, by its dotted name."""
    found = {"app": PROJECT / "app.py"}
    for folder in (*LAYERS, "practice"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            found[".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    return tuple(one for name, path in modules().items() for one in _imports_of(name, path))


def _imports_of(module: str, path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno, id(node) in inside)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively in line {node.lineno}"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(module, whole if whole in modules() else str(node.module), node.lineno, id(node) in inside)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def ours(name: str) -> bool:
    return within(name, *LAYERS, "practice", "app", "tests", "benchmarks")


def wrong(condition: list[Import]) -> list[str]:
    return [f"{one.of}:{one.line} imports {one.name}" for one in condition]


def test_a_layer_imports_only_what_is_below_it() -> None:
    order = {layer: number for number, layer in enumerate(LAYERS)}

    def height(name: str) -> int:
        return order.get(name.split(".")[0], len(LAYERS))

    # practice stands beside the layers: it may use them all, and they know nothing of it.
    counted = [one for one in imports() if ours(one.name) and not within(one.of, "practice")]
    assert not wrong([one for one in counted if height(one.name) > height(one.of)])


def test_kinds_imports_nothing_of_ours() -> None:
    inside = [one for one in imports() if within(one.of, "storage.kinds") and ours(one.name)]
    assert not wrong([one for one in inside if one.of != "storage.kinds" or not within(one.name, "storage.kinds")])


def test_rules_import_the_standard_library_and_kinds_only() -> None:
    allowed = ("storage.kinds", "engine.rules")
    standard = {"collections", "dataclasses", "datetime", "enum", "functools", "itertools", "math", "operator", "typing"}
    standard |= {"zoneinfo", "bisect", "heapq", "random", "re", "hashlib", "calendar", "abc"}
    bad = [one for one in imports() if within(one.of, "engine.rules") and not within(one.name, *allowed)]
    assert not wrong([one for one in bad if one.name.split(".")[0] not in standard])


def test_channels_and_connections_know_no_tables() -> None:
    outside = [one for one in imports() if within(one.of, "engine.channels", "engine.connections")]
    assert not wrong([one for one in outside if within(one.name, "storage") and one.name != "storage.kinds"])


def test_pages_hold_no_sql() -> None:
    streamlit_pages = [one for one in imports() if within(one.of, "pages")]
    assert not wrong(
        [one for one in streamlit_pages if within(one.name, "sqlalchemy", "storage.tables", "storage.database")]
    )
    assert not wrong([one for one in streamlit_pages if within(one.name, "storage") and not within(one.name, *REPORTS)])


REPORTS = ("storage.kinds", "storage.reports")


def test_huey_is_imported_in_the_queue_alone() -> None:
    assert {one.of for one in imports() if within(one.name, "huey")} <= {"engine.queue"}


def test_streamlit_is_imported_by_pages_alone() -> None:
    assert not wrong([one for one in imports() if within(one.name, "streamlit") and not within(one.of, "pages", "app")])


def test_one_sqlite_library_touches_the_files_of_a_process() -> None:
    assert not wrong([one for one in imports() if one.name.split(".")[0] in SECOND_SQLITE])
    for name, path in modules().items():
        opened = re.search(r"\bsqlite3\.connect\b", path.read_text())
        assert not opened, f"{name} opens a file with the system's SQLite"


def test_nothing_is_imported_inside_a_function() -> None:
    assert not wrong([one for one in imports() if one.is_inside])


def test_no_imports_go_in_a_circle() -> None:
    graph = {name: {one.name for one in imports() if one.of == name and one.name in modules()} for name in modules()}
    finished: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' → '.join((*path[path.index(name) :], name))}"
        if name not in finished:
            for following in graph[name] - {name}:
                walk(following, (*path, name))
            finished.add(name)

    for name in graph:
        walk(name, ())


def test_no_module_is_a_grab_bag() -> None:
    assert not [name for name in modules() if GRAB_BAGS.match(name.rsplit(".", 1)[-1])]


def test_every_module_says_in_a_sentence_what_it_knows() -> None:
    silent = [name for name, path in modules().items() if path.read_text().strip() and not ast.get_docstring(_tree(path))]
    assert not silent


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def test_the_wall_clock_has_one_door() -> None:
    for name, path in modules().items():
        if name == "engine.clock" or within(name, "practice"):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in CLOCKS, f"{name}:{node.lineno} reads the wall clock"


NOTICES = {"error", "warning", "info", "success", "toast"}


def test_what_the_panel_says_goes_through_the_one_place_that_escapes_it() -> None:
    for name, path in modules().items():
        if not within(name, "pages") or within(name, "pages.notices", "pages.plain"):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOTICES:
                said_by = ast.unparse(node.func.value)
                assert said_by in ("notices", "_log"), f"{name}:{node.lineno} speaks past pages/notices.py"


EDGES = (
    "pages",
    "app",
    "engine.worker",
    "engine.queue",
    "engine.recurring",
    "engine.installation",
    "engine.owner_resets",
    "engine.supervision",
    "engine.practice_clock",
)


def test_the_clock_is_read_at_the_edges_only() -> None:
    for name, path in modules().items():
        if name == "engine.clock" or within(name, *EDGES, "practice"):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) != "clock.now", f"{name}:{node.lineno} asks the clock; now is an argument"


def test_nothing_hides_that_the_browser_is_driven() -> None:
    names = [line.split("==")[0] for line in (PROJECT / "requirements-dev.txt").read_text().splitlines() if "==" in line]
    assert not [name for name in names if STEALTH.search(name)]
    assert not wrong([one for one in imports() if STEALTH.search(one.name)])


def test_requirements_name_no_address() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (PROJECT / file).read_text()


def test_the_top_level_holds_what_was_agreed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert {line.split("/")[0] for line in listed.splitlines()} <= TOP_LEVEL


@pytest.mark.parametrize("name", [name for name in modules() if within(name, "pages") and not within(name, "pages.plain")])
def test_a_page_is_short(name: str) -> None:
    assert len(modules()[name].read_text().splitlines()) <= LONGEST_PAGE or name in ELEMENTS


ELEMENTS = {
    "pages.badges",
    "pages.drawings",
    "pages.shell",
}  # no pages: the places for every look, and the frame around every page


# A migration is written by a machine.
ONE_LIST = {name for name in modules() if within(name, "storage.migrations.versions")}


@pytest.mark.parametrize("name", [name for name in modules() if name not in ONE_LIST])
def test_a_file_is_one_thing(name: str) -> None:
    assert len(modules()[name].read_text().splitlines()) <= LONGEST_FILE


def test_every_page_of_the_registry_is_there() -> None:
    text = (PROJECT / "pages/registry.py").read_text()
    files = re.findall(r'"((?:overview|identities|campaigns|reports|settings)/\w+\.py)"', text)
    assert len(files) >= 17
    assert not [file for file in files if not (PROJECT / "pages" / file).exists()]
