"""The documentation says what is so: its commands run, its Python runs, its trees and links are true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for name, body in BLOCK.findall(text) if name == language]


def readme_commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for body in blocks(README, "sh") for line in body.splitlines()]
    return [line for line in lines if line and not line.startswith("make ")]


def environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "HUB_HOME": str(home), "PATH": path}


@pytest.mark.weights
@pytest.mark.parametrize("command", readme_commands())
def test_a_command_of_the_readme_works(command: str, weights_home: Path) -> None:
    result = subprocess.run(
        ["bash", "-c", command], env=environment(weights_home), capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


@pytest.mark.weights
@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_python_of_the_readme_runs(code: str, weights_home: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(weights_home), capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_the_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        word
        for page in PAGES
        for body in blocks(page.read_text(encoding="utf-8"), "sh")
        for word in re.findall(r"^make (\w+)", body, re.MULTILINE)
    }
    assert {"run", "test"} <= named
    missing = {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)}
    assert not missing


def test_the_trees_are_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate_tree.py"), "--check"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
