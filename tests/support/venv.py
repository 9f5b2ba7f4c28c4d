"""A fresh virtual environment that holds `hub` as a real wheel, and nothing else but what it depends on.

What it depends on is linked from this environment, so that no package index is asked.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


class Environment:
    """The environment, and how to run its commands.

    What `extras` depend on is linked too, and `tools` themselves with what they depend on.
    """

    def __init__(self, folder: Path, *, extras: tuple[str, ...] = (), tools: tuple[str, ...] = ()) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site = folder / "lib" / version / "site-packages"
        for each in (*closure("openmodelhub", *extras, *tools), *map(distribution, tools)):
            link(each, self.site)

    def install(self, *wheels: Path) -> None:
        """Install wheels as they are, through pip."""
        self.run("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", *map(str, wheels), check=True)

    def hub(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the `hub` script of the environment."""
        return self._run([str(self.folder / "bin" / "hub"), *arguments], env or {}, check=False)

    def run(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the Python of the environment."""
        return self._run([str(self.python), *arguments], {}, check=check)

    def shell(self, command: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a shell command in a folder, with the environment's scripts first on the path."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return self._run(["bash", "-c", f"cd {shlex.quote(str(cwd))} && {command}"], {"PATH": path}, check=False)

    def _run(self, command: list[str], env: dict[str, str], *, check: bool) -> subprocess.CompletedProcess[str]:
        others = ("PYTHON", "PIP_", "VIRTUAL_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        done = subprocess.run(
            command,
            env={**clean, "PIP_NO_INDEX": "1", **env},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree with the build tools of this environment."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, timeout=240)
    if done.returncode:
        raise AssertionError(f"the wheel of {source} cannot be built:\n{done.stdout}{done.stderr}")
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def closure(*names: str) -> Iterator[Distribution]:
    """What the named packages depend on, themselves left out, and pip."""
    wanted, seen = ["pip", *names], set(names)
    while wanted:
        name = wanted.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # a dependency of another platform
        for text in found.requires or []:
            requirement = Requirement(text)
            holds = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if holds and requirement.name not in seen:
                seen.add(requirement.name)
                wanted.append(requirement.name)
        if name not in names:
            yield found


def link(package: Distribution, site: Path) -> None:
    """Put the files of an installed package into another environment, as links."""
    tops = {Path(file).parts[0] for file in package.files or [] if Path(file).parts[0] != ".."}
    for top in tops - {"__pycache__"}:
        target = site / top
        if not target.exists():
            target.symlink_to(Path(str(package.locate_file(top))).resolve())
