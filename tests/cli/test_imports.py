"""What each light command may import: the allow-list that keeps it light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

DUMP = """
import json, os, sys
from hub.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
with open(os.environ["DUMP"], "w") as file:
    json.dump(sorted(sys.modules), file)
"""
LIGHT = {"hub", "click"}
SEARCH = LIGHT | {"msgspec", "typing_extensions", "platformdirs"}  # msgspec takes typing_extensions where it is
NEVER = {"numpy", "rich", "huggingface_hub", "requests", "urllib3", "httpx", "pluggy", "filelock", "packaging"}


@cache
def bare_modules() -> frozenset[str]:
    """What Python itself and the `.pth` files of the environment load."""
    shown = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return frozenset(name.split(".")[0] for name in shown.stdout.split())


def imported(tmp_path: Path, *arguments: str) -> set[str]:
    dump = tmp_path / "modules.json"
    result = subprocess.run(
        [sys.executable, "-c", DUMP, *arguments],
        env={**os.environ, "DUMP": str(dump)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert dump.exists(), result.stderr
    assert "Error" not in result.stderr
    return set(json.loads(dump.read_text()))


def foreign(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules} - sys.stdlib_module_names - bare_modules()


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--version"], LIGHT),
        (["--help"], LIGHT),
        ([], LIGHT),
        (["search", "x"], SEARCH),
        (["search", "embeddings", "--json"], SEARCH),
        (["config"], LIGHT | {"platformdirs"}),
        (["completion", "bash"], LIGHT),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_light_command_imports_only_what_its_list_allows(
    arguments: list[str], allowed: set[str], tmp_path: Path
) -> None:
    assert foreign(imported(tmp_path, *arguments)) <= allowed


def test_the_version_imports_nothing_of_the_hub_but_the_frame(tmp_path: Path) -> None:
    names = {name for name in imported(tmp_path, "--version") if name.split(".")[0] == "hub"}
    assert names <= {"hub", "hub.cli", "hub.cli.commands", "hub.cli.main", "hub.errors"}


def test_the_help_imports_no_command(tmp_path: Path) -> None:
    names = {name for name in imported(tmp_path, "--help") if name.startswith("hub.cli.")}
    assert names == {"hub.cli.commands", "hub.cli.main", "hub.cli.plugin_commands"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "all-minilm-l6-v2"],
        ["list"],
        ["search", "x"],
        ["pull", "--help"],
        ["rm", "--help"],
        ["bench", "--help"],
        ["tune", "--help"],
    ],
    ids=" ".join,
)
def test_a_command_that_runs_nothing_loads_no_plugin(arguments: list[str], tmp_path: Path) -> None:
    modules = imported(tmp_path, *arguments)
    assert not [name for name in modules if name.startswith("hub_")]
    assert "hub.plugin.host" not in modules
    heavy = {"numpy", "huggingface_hub", "onnxruntime", "xllamacpp", "matplotlib"}
    assert not {name.split(".")[0] for name in modules} & heavy


def test_search_imports_none_of_the_heavy_ones(tmp_path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(tmp_path, "search", "x")} & NEVER


def test_importing_the_package_imports_none_of_its_parts() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "import sys, hub; print(*[m for m in sys.modules if m.startswith('hub.')])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == []
