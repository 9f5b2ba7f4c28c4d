"""Files of a transform on their way: plain copies in, new files out, and out of the scratch folder into the store.

Knows nothing of what the files hold.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from hub.errors import NotFound, PluginBroken, SourceError
from hub.sources import Listing, Sink, Source, SourceContext
from hub.store.blobs import hash_file
from hub.store.names import check_path, digest_of_files
from hub.types import Artifact, WeightFile

__all__ = ["copy_file", "copy_plain", "hashed", "identified", "listed", "made_in"]

_CHUNK = 1 << 20


def copy_plain(artifact: Artifact, folder: Path) -> None:
    """Copy every file of an artifact, never as a link: some libraries refuse those."""
    for file in artifact.files:
        copy_file(artifact.path / file.path, folder / file.path)


def copy_file(source: Path, target: Path) -> None:
    """Copy the bytes of a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def identified(artifact: Artifact) -> Artifact:
    """The same artifact with the hashes and the digest that its files have now; for one that lies outside the store."""
    files = tuple(hashed(file, artifact.path) for file in artifact.files)
    digest = digest_of_files(files)
    assert digest is not None
    return replace(artifact, digest=digest, files=files)


def hashed(file: WeightFile, folder: Path) -> WeightFile:
    """The file with size and hash, which are read where they are not known."""
    if file.sha256 is not None and file.size is not None:
        return file
    sha256, size = hash_file(folder / file.path)
    return replace(file, sha256=sha256, size=size)


def listed(folder: Path, part: str) -> list[WeightFile]:
    """Every file below a folder, hashed.

    Raises
    ------
    PluginBroken
        Something below it is neither a folder nor a plain file.
    """
    files: list[WeightFile] = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name = path.relative_to(folder).as_posix()
        if not S_ISREG(path.lstat().st_mode):
            raise PluginBroken(f"a transform wrote {name}, which is no plain file")
        check_path(name)
        sha256, size = hash_file(path)
        files.append(WeightFile(path=name, size=size, sha256=sha256, sources=(), part=part))
    return files


def made_in(folder: Path) -> Callable[[SourceContext], Source]:
    """A source that takes each file from the folder where it was made, whatever its locator says."""

    class Made:
        def __init__(self, context: SourceContext) -> None:
            self.context = context

        def fetch(self, locator: str, sink: Sink) -> None:
            path = folder / sink.file.path
            sink.restart()
            try:
                with path.open("rb") as stream:
                    while chunk := stream.read(_CHUNK):
                        sink.write(chunk)
            except FileNotFoundError as error:
                raise NotFound(f"{path} is gone") from error

        def listing(self, locator: str) -> Listing:
            raise SourceError(f"'{locator}' has no listing")

        def close(self) -> None:
            pass

    return Made
