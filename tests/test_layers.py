"""The architecture, executed: who may import whom, what plugins may use, and that the core names no plugin."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    "errors": 0,
    "types": 0,
    "config": 0,
    "atomic": 0,
    "cgroups": 0,
    "cpus": 0,
    "environment": 0,
    "memory": 0,
    "sizes": 0,
    "sources": 0,
    "texts": 0,
    "registry": 1,
    "store": 1,
    "plugin": 1,
    "runtime": 2,
    "scaffold": 2,
    "publish": 3,
    "cli": 4,
    "server": 4,
    "testing": 4,
    "__main__": 5,
}
CORE = sorted((ROOT / "hub").rglob("*.py"))
PLUGIN_FOLDERS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
FOR_PLUGINS = {"hub.plugin", "hub.types", "hub.errors", "hub.runtime.protocols"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    base = ROOT.joinpath(*name.split("."))
    return base.with_suffix(".py").is_file() or base.is_dir()


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at its top or later, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield (full if module.split(".")[0] == "hub" and is_module(full) else module), node.lineno


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def package(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_a_module_imports_only_layers_below_its_own(path: Path) -> None:
    module = name_of(path)
    if module == "hub":
        return  # the facade: each name is imported when it is first used
    own = package(module)
    assert own in LAYERS, f"{module} belongs to no layer"
    for imported, line in imports(parse(path)):
        if imported.split(".")[0] != "hub" or package(imported) in {"", own}:
            continue
        other = package(imported)
        allowed = LAYERS[other] < LAYERS[own] or LAYERS[own] == LAYERS[other] == 0
        assert allowed, f"{module}:{line} imports {imported}"


@pytest.mark.parametrize("name", [name for name, layer in LAYERS.items() if layer == 0])
def test_the_lowest_layer_needs_the_standard_library_alone(name: str) -> None:
    foreign = {
        imported
        for imported, _ in imports(parse(ROOT / "hub" / f"{name}.py"))
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "hub"}
    }
    assert foreign <= ({"platformdirs"} if name == "config" else set())


def test_the_contract_of_plugins_is_light() -> None:
    for module in ("plugin/__init__", "plugin/hooks", "plugin/specs"):
        for imported, line in imports(parse(ROOT / "hub" / f"{module}.py")):
            root = imported.split(".")[0]
            assert root in {*sys.stdlib_module_names, "hub", "pluggy"}, f"{module}:{line} imports {imported}"


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS, ids=lambda folder: folder.name)
def test_a_plugin_uses_the_contract_alone(folder: Path) -> None:
    files = [path for path in folder.rglob("*.py") if ".venv" not in path.parts]
    assert files
    for path in files:
        parts = path.relative_to(folder).with_suffix("").parts
        allowed = FOR_PLUGINS | ({"hub.testing", "hub"} if "tests" in parts else set())
        allowed |= {"hub.testing"} if "fixtures" in parts else set()  # which a check alone imports
        for imported, line in imports(parse(path)):
            if imported.split(".")[0] == "hub":
                inside = imported in allowed or ("hub.testing" in allowed and imported.startswith("hub.testing."))
                assert inside, f"{path.relative_to(ROOT)}:{line} imports {imported}"


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS, ids=lambda folder: folder.name)
def test_the_module_of_an_entry_point_imports_nothing_but_the_contract(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for target in project["entry-points"].get("hub.plugins.v1", {}).values():
        path = folder / (target.replace(".", "/") + ".py")
        for imported, line in imports(parse(path)):
            own = imported.split(".")[0] == target.split(".")[0]
            assert imported in {"__future__", "pathlib", *FOR_PLUGINS} or own, f"{path.name}:{line} imports {imported}"


def test_the_core_names_no_plugin_and_imports_nothing_that_only_plugins_need() -> None:
    core = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names, libraries = set(), set()
    for folder in PLUGIN_FOLDERS:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        names |= {project["name"], project["name"].replace("openmodelhub-", "hub_")}
        libraries |= {library(text) for text in project.get("dependencies", [])}
    libraries -= {*map(library, core), *extras(), "openmodelhub"}
    assert len(names) == 2 * len(PLUGIN_FOLDERS)
    assert libraries
    for path in CORE:
        tree = parse(path)
        for imported, line in imports(tree):
            assert imported.split(".")[0] not in names | libraries, f"{name_of(path)}:{line} imports {imported}"
        for text, line in strings(tree):
            named = [name for name in names if name in text]
            assert not named, f"{name_of(path)}:{line} names {named[0]}"


def extras() -> set[str]:
    """What the core uses where it is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {library(text) for texts in project.get("optional-dependencies", {}).values() for text in texts}
    # the packages of OpenTelemetry share one name space
    return {"opentelemetry" if name.startswith("opentelemetry_") else name for name in names}


def test_what_is_optional_is_imported_in_one_module_or_by_the_kit_alone() -> None:
    assert extras()
    roots = {name_of(path): {imported.split(".")[0] for imported, _ in imports(parse(path))} for path in CORE}
    for name in extras():
        users = {module for module, imported in roots.items() if name in imported}
        if name == "httptools":  # what uvicorn reads HTTP with
            assert not users
        elif name != "pytest":  # the kit is made of its tests
            assert len(users) == 1, f"{name} is imported by {users}"
        assert name != "pytest" or all(user.startswith("hub.testing") for user in users), users


def library(requirement: str) -> str:
    for index, char in enumerate(requirement):
        if not (char.isalnum() or char in "-_."):
            return requirement[:index].replace("-", "_")
    return requirement.replace("-", "_")


def strings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Texts in the code that are not docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value, node.lineno


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_a_module_says_what_it_does_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{name_of(path)} has no docstring"
    assert len(text.splitlines()) <= 300, f"{name_of(path)} is asking to be two files"
