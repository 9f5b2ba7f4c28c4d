"""`docs/plugins.md` is true: every hook stands there as it is declared, every fault too, and its plugin works."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.plugin import hooks
from hub.plugin.checks import HOOKS
from hub.plugin.records import Fault
from tests.support.venv import ROOT, Environment, build_wheel

PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)( \w+)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"(?:#|//) (\S+/?\S*\.\w+)\n")


def project_files() -> dict[str, str]:
    """Blocks that begin with the path of a file."""
    found = [(FILE.match(body), body) for _, _, body in BLOCK.findall(PAGE)]
    return {match[1]: body for match, body in found if match}


def lay_project(folder: Path) -> Path:
    for path, body in project_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        comment = body.splitlines(keepends=True)[0]
        text = body if path.endswith((".py", ".toml")) else body.removeprefix(comment)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def console(kind: str) -> list[tuple[str, str]]:
    """Commands with what they print."""
    bodies = [body for name, mark, body in BLOCK.findall(PAGE) if (name, mark.strip()) == ("console", kind)]
    runs = [run for body in bodies for run in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]]
    return [(run.partition("\n")[0], run.partition("\n")[2]) for run in runs]


def kinds() -> set[str]:
    """Kinds that the docstring of `Fault` names."""
    text = (inspect.getdoc(Fault) or "").partition("kind\n")[2].partition("reason\n")[0]
    return set(re.findall(r"`([a-z-]+)`", text))


@contextmanager
def changed(path: Path, old: str, new: str) -> Iterator[None]:
    """An installed file with a fault in it, for a while."""
    sound = path.read_text(encoding="utf-8")
    assert old in sound
    path.write_text(sound.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(sound, encoding="utf-8")


def squeezed(text: str) -> list[str]:
    """Lines with one blank between words: a terminal's columns and a pipe's tabs look the same."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", [name for name in vars(hooks) if name.startswith("hub_")])
def test_every_hook_stands_in_the_page_with_its_exact_signature(name):
    function = getattr(hooks, name)
    written = f"def {name}{inspect.signature(function)}".replace("'", "")
    assert f"### {name}\n```python\n{written}\n```\n{inspect.getdoc(function)}\n" in PAGE


def test_every_hook_is_served_by_the_host():
    assert set(HOOKS) == {name for name in vars(hooks) if name.startswith("hub_")}


def test_the_reference_is_up_to_date():
    command = [sys.executable, str(ROOT / "docs" / "generate_hooks.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_kind_of_fault_is_explained():
    declared = set(
        re.findall(r"`([a-z-]+)`", (inspect.getdoc(Fault) or "").partition("kind\n")[2].partition("reason\n")[0])
    )
    explained = set(re.findall(r"^\| `([a-z-]+)` \| ", PAGE, re.MULTILINE))
    assert {"import-error", "clash", "heavy-import"} <= declared
    assert declared <= explained


def test_every_kind_of_fault_in_the_code_is_declared():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "hub" / "plugin").glob("*.py"))
    used = set(re.findall(r"""(?:fault\(|kind=|return |_fault\(provided, |else )"([a-z]+-[a-z-]+|clash)",?""", code))
    assert {"import-error", "contract-version", "bad-target", "clash"} <= used
    assert used <= kinds()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page, written out."""
    return lay_project(tmp_path_factory.mktemp("docs") / "hub-vec")


@pytest.fixture(scope="module")
def vec(environment: Environment, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment with the page's plugin, built as its pyproject says."""
    environment.install(build_wheel(project, tmp_path_factory.mktemp("vec")))
    yield environment
    environment.run("-m", "pip", "uninstall", "--quiet", "--yes", "hub-vec", check=True)


def test_the_page_holds_the_whole_project():
    names = ["__init__", "plugin", "facts", "backend", "model", "fixtures"]
    files = {"pyproject.toml", "tests/test_vec.py", *(f"hub_vec/{name}.py" for name in names)}
    assert files | {"tiny/words.vec", "tiny/config.json"} == set(project_files())


@pytest.mark.venv
@pytest.mark.slow
class TestTheExample:
    """The page's plugin, built, installed and used in a fresh environment."""

    @pytest.mark.parametrize(("command", "printed"), console(""))
    def test_its_commands_print_what_the_page_says(self, vec, project, command, printed):
        result = vec.shell(command, cwd=project)
        assert result.returncode == 0, result.stderr
        assert squeezed(result.stdout) == squeezed(printed)

    def test_its_tests_pass(self, vec, project):
        result = vec.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(project / "tests"))
        assert result.returncode == 0, result.stdout
        assert "failed" not in result.stdout
        assert "passed" in result.stdout

    def test_it_imports_only_what_a_plugin_may(self, project):
        allowed = {"hub", "hub.plugin", "hub.types", "hub.errors", "hub.runtime.protocols"}
        code = "".join(path.read_text(encoding="utf-8") for path in project.glob("hub_vec/*.py"))
        imported = set(re.findall(r"^(?:from|import) (hub[\w.]*)", code, re.MULTILINE))
        assert {"hub.plugin", "hub.runtime.protocols"} <= imported <= allowed - {"hub"}

    @pytest.mark.parametrize(("command", "printed"), console("fault"))
    def test_its_fault_looks_as_the_page_says(self, vec, project, command, printed):
        with changed(vec.site / "hub_vec" / "plugin.py", "def hub_backends", "def hub_backend"):
            result = vec.shell(command, cwd=project)
        assert squeezed(result.stdout + result.stderr) == squeezed(printed)

    def test_a_runtime_that_is_missing_ends_the_command_that_needs_it_with_3(self, vec, project):
        with changed(vec.site / "hub_vec" / "backend.py", "import numpy as np", "import absent_runtime as np"):
            result = vec.hub("run", str(project / "tiny"), "king")
            other = vec.hub("plugin", "list")
        assert (result.returncode, result.stdout) == (3, "")
        assert "plugin 'vec' (hub-vec 0.1.0) is broken: it needs the module 'absent_runtime'" in result.stderr
        assert f"{vec.python} -m pip install absent_runtime" in result.stderr
        assert other.returncode == 0

    def test_it_installs_in_editable_form(self, environment, tmp_path):
        folder = lay_project(tmp_path / "hub-vec")
        with (folder / "pyproject.toml").open("a") as settings:
            settings.write('[tool.hatch.build]\ndev-mode-dirs = ["."]\n')  # else hatchling asks the index for a helper
        environment.run("-m", "pip", "uninstall", "--quiet", "--yes", "hub-vec")
        result = environment.hub(
            "plugin", "install", "--editable", str(folder), env={"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1"}
        )
        assert result.returncode == 0, result.stderr
        assert "hub-vec 0.1.0: Word vectors in the .vec format of fastText." in result.stderr
        assert "by Ada Example" in result.stderr
        assert "Plugin 'vec' 0.1.0 gives formats vec; backends vec; models vec." in result.stderr
        assert environment.hub("plugin", "uninstall", "vec").returncode == 0
