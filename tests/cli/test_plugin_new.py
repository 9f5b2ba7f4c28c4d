"""`hub plugin new`: names that will do, folders that are free, and what it says."""

from __future__ import annotations

import ast
import json
import tomllib

import pytest

from hub.errors import UsageError
from hub.scaffold.naming import names_of
from hub.scaffold.package import KINDS, write_package


def test_a_package_is_written_and_the_next_steps_are_said(run_hub, tmp_path):
    result = run_hub("plugin", "new", "fast-runtime", "--kind", "backend", "--author", 'Ada "X" Lovelace', cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "hub-fast-runtime/hub_fast_runtime/backend.py" in result.stdout.splitlines()
    assert "hub plugin check hub-fast-runtime" in result.stderr
    project = (tmp_path / "hub-fast-runtime" / "pyproject.toml").read_text()
    assert "authors = [{ name = \"Ada 'X' Lovelace\" }]" in project
    assert 'fast-runtime = "hub_fast_runtime.plugin"' in project
    again = run_hub("plugin", "new", "fast-runtime", "--kind", "backend", cwd=tmp_path)
    assert again.returncode == 2
    assert "hub-fast-runtime is there already" in again.stderr
    assert "--into FOLDER" in again.stderr


def test_the_files_come_as_json(run_hub, tmp_path):
    result = run_hub("plugin", "new", "x2", "--kind", "task", "--into", "elsewhere", "--json", cwd=tmp_path)
    document = json.loads(result.stdout)
    assert (document["name"], document["package"], document["folder"]) == ("x2", "hub-x2", "elsewhere")
    assert all((tmp_path / "elsewhere" / name).is_file() for name in document["files"])
    assert ".github/workflows/ci.yml" in document["files"]


def test_a_name_that_is_installed_is_refused(run_hub, tmp_path):
    result = run_hub("plugin", "new", "onnx", "--kind", "backend", cwd=tmp_path)
    assert result.returncode == 2
    assert "openmodelhub-onnx" in result.stderr
    assert "hub plugin new my-onnx --kind backend" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_no_mark_of_a_template_is_left(kind, tmp_path):
    files = write_package(names_of("left-over"), kind, tmp_path / "x", author="A", licence="MIT")
    for path in files:
        text = path.read_text()
        marks = (
            "@name@",
            "@module@",
            "@Class@",
            "@package@",
            "@about@",
            "@VARIABLE@",
            "@core@",
            "@group@",
            "@summary@",
        )
        assert not [mark for mark in marks if mark in text or mark in str(path)], path
    assert {"pyproject.toml", "README.md", ".gitignore"} <= {path.name for path in files}


def test_an_author_is_one_line_whatever_a_system_says(tmp_path):
    write_package(names_of("x"), "task", tmp_path, author='A\x1b[31m\n"B"\\', licence="MIT")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    assert project["authors"] == [{"name": "A [31m 'B'\\"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["none", "sequence"])
def test_a_name_that_means_something_in_python_gives_code_that_keeps_its_meaning(name, kind, tmp_path):
    files = write_package(names_of(name), kind, tmp_path / "x", author="A", licence="MIT")
    trees = [ast.parse(path.read_text()) for path in files if path.suffix == ".py"]
    assert name.capitalize() not in {node.name for tree in trees for node in tree.body if hasattr(node, "name")}


@pytest.mark.parametrize(
    "name", ["", "-x", "x-", "1x", "a b", "a/b", "../up", "ä", "x" * 41, "hub", "class", "a--b", "\x1b[31m", "plugin"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError):
        names_of(name)


@pytest.mark.parametrize(
    ("given", "name", "module", "title"),
    [
        ("vec", "vec", "hub_vec", "Vec"),
        ("My_Runtime", "my-runtime", "hub_my_runtime", "MyRuntime"),
        ("hub-vec", "vec", "hub_vec", "Vec"),
        ("openmodelhub-vec2", "vec2", "hub_vec2", "Vec2"),
    ],
)
def test_names_follow_from_one(given, name, module, title):
    names = names_of(given)
    assert (names.name, names.module, names.title) == (name, module, title)
