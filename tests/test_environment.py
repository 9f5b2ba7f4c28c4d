"""Whether pip is there is found out without importing it, in environments with and without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hub.environment

ASKED = f"import runpy; print(runpy.run_path({hub.environment.__file__!r})['has_pip']())"


def asked(python: Path | str, before: str = "") -> str:
    command = [str(python), "-W", "error", "-c", before + ASKED]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_an_environment_has_pip_or_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True, timeout=60)
    assert asked(tmp_path / "bin" / "python") == "False"
    assert asked(sys.executable) == "True"


def test_who_imported_distutils_is_not_warned_of_setuptools() -> None:
    assert (
        asked(sys.executable, "import sys, types; sys.modules['distutils'] = types.ModuleType('distutils')\n") == "True"
    )
