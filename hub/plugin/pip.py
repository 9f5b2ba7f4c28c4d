"""Asks the pip of this environment to look at, install and remove packages.

pip is run as a program, so the person's index, proxy and credentials hold. What it says goes to stderr. Knows nothing
of registries.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.environment import has_pip
from hub.errors import HubError
from hub.texts import one_line
from hub.types import JSON

__all__ = ["Release", "Request", "install", "lay", "preview", "uninstall"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is to be installed: names, files, folders or addresses, as pip takes them."""

    specs: tuple[str, ...]
    upgrade: bool = False
    editable: bool = False

    @property
    def arguments(self) -> list[str]:
        """Arguments of `pip install`; no spec is taken for an option."""
        upgrade = ["--upgrade"] if self.upgrade else []
        if self.editable:
            return [*upgrade, *(f"--editable={spec}" for spec in self.specs)]
        return [*upgrade, "--", *self.specs]

    def __str__(self) -> str:
        return " ".join(self.specs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A version of a package that pip would install.

    `requested` tells those that were asked for from those that they depend on; `sha256` is of the file that pip would
    take, where it is one.
    """

    name: str
    version: str
    requested: bool
    author: str = ""
    license: str = ""
    summary: str = ""
    requires: tuple[str, ...] = ()
    location: str = ""
    sha256: str = ""


def preview(request: Request) -> list[Release]:
    """What pip would install, without installing it.

    A package that comes as source is built to learn what it depends on, which runs its build code.

    Raises
    ------
    HubError
        pip finds no versions that fit; `details` holds what it says.
    """
    with tempfile.TemporaryDirectory(prefix="hub-pip-") as folder:
        report = Path(folder, "report.json")
        command = [*_pip("install"), "--dry-run", "--quiet", "--report", str(report), *request.arguments]
        _captured(command, f"pip cannot install {request}")
        return [_release(item) for item in json.loads(report.read_text(encoding="utf-8"))["install"]]


def install(request: Request) -> None:
    """Install into this environment.

    Raises
    ------
    HubError
        pip failed; it has said why on stderr.
    """
    _run([*_pip("install"), *request.arguments], f"pip did not install {request}")


def lay(package: Path, folder: Path, *, isolated: bool) -> None:
    """Put a package's files, and nothing that it depends on, into a folder.

    Parameters
    ----------
    package
        A wheel, or a folder with a `pyproject.toml`, which is built: that runs its build code.
    isolated
        Whether pip fetches what builds the package, in place of taking it from this environment.

    Raises
    ------
    HubError
        pip cannot build it; `details` holds what it says.
    """
    own = [] if isolated else ["--no-build-isolation"]
    command = [*_pip("install"), "--quiet", "--no-deps", *own, "--no-compile", "--target", str(folder)]
    _captured([*command, "--", str(package.absolute())], f"pip cannot build {package}")


def uninstall(distribution: str) -> None:
    """Remove a distribution from this environment.

    Raises
    ------
    HubError
        pip failed; it has said why on stderr.
    """
    _run([*_pip("uninstall"), "--yes", "--", distribution], f"pip did not remove {distribution}")


def _pip(verb: str) -> list[str]:
    if not has_pip():
        raise HubError(
            f"there is no pip in the environment of {sys.executable}", hint=f"{sys.executable} -m ensurepip --upgrade"
        )
    return [sys.executable, "-m", "pip", verb, "--disable-pip-version-check"]


def _run(command: Sequence[str], failure: str) -> None:
    sys.stderr.flush()
    if subprocess.run(command, stdout=2, check=False).returncode:
        raise HubError(failure, hint="pip says why above.")


def _captured(command: Sequence[str], failure: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise HubError(failure, details=done.stdout.strip().splitlines())


def _release(item: Mapping[str, JSON]) -> Release:
    metadata, download = item["metadata"], item["download_info"]
    assert isinstance(metadata, dict)
    assert isinstance(download, dict)
    requires = metadata.get("requires_dist")
    archive = download.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    return Release(
        name=str(metadata["name"]),
        version=str(metadata["version"]),
        requested=bool(item.get("requested")),
        author=_first(metadata, "author", "author_email", "maintainer", "maintainer_email"),
        license=_first(metadata, "license_expression", "license")[:80],
        summary=_first(metadata, "summary"),
        requires=tuple(one_line(str(text)) for text in requires) if isinstance(requires, list) else (),
        location=str(download.get("url", "")),
        sha256=str(hashes.get("sha256", "")) if isinstance(hashes, dict) else "",
    )


def _first(metadata: Mapping[str, JSON], *names: str) -> str:
    return one_line(next((str(metadata[name]) for name in names if metadata.get(name)), ""))
