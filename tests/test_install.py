"""Wheels in a fresh environment: the core alone says what to install, and with its plugins it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.venv import ROOT, Environment, build_wheel

pytestmark = [pytest.mark.venv, pytest.mark.slow]


def wheel(source: Path, folder: Path) -> Path:
    folder.mkdir()
    return build_wheel(source, folder)


def test_the_core_alone_names_the_plugin_that_is_needed(tmp_path: Path) -> None:
    fresh = Environment(tmp_path / "env")
    fresh.install(wheel(ROOT, tmp_path / "core"))

    found = fresh.hub("search", "smollm2")
    assert found.returncode == 0, found.stderr
    assert "smollm2-135m" in found.stdout

    refused = fresh.hub("run", "smollm2-135m", "Hello")
    assert refused.returncode == 3
    assert "hub plugin install openmodelhub-llamacpp" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.weights
def test_wheels_of_the_core_and_its_plugins_answer_from_real_weights(tmp_path: Path, weights_home: Path) -> None:
    names = [path.parent.name for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    fresh = Environment(tmp_path / "env", extras=tuple(f"openmodelhub-{name}" for name in names))
    fresh.install(wheel(ROOT, tmp_path / "core"), *(wheel(ROOT / "plugins" / name, tmp_path / name) for name in names))

    answer = fresh.hub("run", "smollm2-135m", "What is 2+2?", "--max-tokens", "20", env={"HUB_HOME": str(weights_home)})
    assert answer.returncode == 0, answer.stderr
    assert "4" in answer.stdout
