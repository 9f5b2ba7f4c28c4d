"""Reads the part of a shard that says of which chunks its files are made.

References
----------
https://huggingface.co/docs/xet/shard
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hub_mirror.refusals import invalid

__all__ = ["ShardFile", "Term", "files_of"]

_HEAD = struct.Struct("<32sQQ")
_FILE = struct.Struct("<32sIIQ")
_TERM = struct.Struct("<32sIIII")
_ENTRY = 48
_END = b"\xff" * 32
_VERIFIED, _EXTENDED = 1 << 31, 1 << 30
_MOST_FILES = 100_000


@dataclass(frozen=True, slots=True)
class Term:
    """Chunks `start` to `stop` of a xorb; `size` bytes in all."""

    xorb: str
    size: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file: what it is made of, and its sha256 where the client named it."""

    terms: tuple[Term, ...]
    sha256: str


def files_of(data: bytes) -> list[ShardFile]:
    """Files that a shard describes.

    Raises
    ------
    Refusal
        400 where it is none.
    """
    try:
        _, version, _ = _HEAD.unpack_from(data)
        if version != 2:
            raise invalid(f"This hub reads shards of version 2, and not {version}")
        return _files(data, _HEAD.size)
    except struct.error as error:
        raise invalid("The shard is cut") from error


def hexed(raw: bytes) -> str:
    """A hash as Xet writes it: each group of eight bytes as a little-endian number."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def _files(data: bytes, place: int) -> list[ShardFile]:
    found: list[ShardFile] = []
    while True:
        name, flags, count, _ = _FILE.unpack_from(data, place)
        place += _ENTRY
        if name == _END:
            return found
        if len(found) >= _MOST_FILES or count > len(data) // _ENTRY:
            raise invalid("The shard describes more than it can hold")
        terms = []
        for _ in range(count):
            xorb, _, size, start, stop = _TERM.unpack_from(data, place)
            place += _ENTRY
            if start >= stop:
                raise invalid("A file of the shard is made of no chunks")
            terms.append(Term(hexed(xorb), size, start, stop))
        place += _ENTRY * count if flags & _VERIFIED else 0
        sha256 = ""
        if flags & _EXTENDED:
            sha256 = hexed(data[place : place + 32]) if len(data) >= place + 32 else ""
            place += _ENTRY
        found.append(ShardFile(tuple(terms), sha256))
