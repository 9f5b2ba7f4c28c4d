"""Walks through a fastText file without believing it: the reader in C++ trusts every length that it finds.

The layout is that of version 12 (https://github.com/facebookresearch/fastText, `FastText::saveModel`): magic, version,
settings, dictionary, then a matrix of inputs and one of outputs, each plain or quantized. Loads nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path

from hub.errors import InferenceError

__all__ = ["refuse_damaged"]

_MAGIC, _VERSION = 793712314, 12
_SETTINGS = 12
_MODEL = 7  # place of the kind of model among the settings
_SUPERVISED = 3
_CENTROIDS = 256
_LARGEST = 1 << 40


def refuse_damaged(path: Path) -> None:
    """Refuse a file that is no whole classifier.

    Raises
    ------
    InferenceError
        With what is wrong.
    """
    try:
        reader = _Reader(path.read_bytes())
        reader.model()
    except _Damaged as error:
        raise InferenceError(f"{path} is no fastText classifier that can be read: {error}") from error
    except (OSError, struct.error) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error


class _Damaged(Exception):
    """What is wrong with the file."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def model(self) -> None:
        """The whole file."""
        magic, version = self._take("ii")
        if magic != _MAGIC:
            raise _Damaged("it does not begin as one")
        if version != _VERSION:
            raise _Damaged(f"it is of version {version}, and version {_VERSION} is known")
        settings = self._take(f"{_SETTINGS}id")
        if settings[_MODEL] != _SUPERVISED:
            raise _Damaged("it holds vectors of words, and no labels")
        words, labels, rows = self._dictionary()
        self._matrix(None)
        self._matrix(labels)
        if self._at != len(self._data):
            raise _Damaged(f"{len(self._data) - self._at} bytes follow its end")
        if words < 0 or rows < 0:
            raise _Damaged("it counts less than nothing")

    def _dictionary(self) -> tuple[int, int, int]:
        size, words, labels, _, pruned = self._take("iiiqq")
        if size != words + labels or words < 0 or labels < 1:
            raise _Damaged(f"{words} words and {labels} labels are not {size} entries")
        for _ in range(size):
            end = self._data.find(b"\0", self._at)
            if end < 0:
                raise _Damaged("it ends within its words")
            self._at = end + 1
            self._skip(struct.calcsize("<qb"))
        self._skip(8 * max(0, pruned))
        return words, labels, pruned

    def _matrix(self, rows: int | None) -> None:
        """A matrix, of so many rows where that is known."""
        (quantized,) = self._take("?")
        if not quantized:
            high, wide = self._take("qq")
            self._fits(high, wide)
            self._skip(4 * high * wide)
        else:
            norms, high, wide, codes = self._take("?qqi")
            self._fits(high, wide)
            if codes < 0 or codes % max(1, high):
                raise _Damaged(f"{codes} codes are not those of {high} rows")
            self._skip(codes)
            self._quantizer()
            if norms:
                self._skip(high)
                self._quantizer()
        if rows is not None and high != rows:
            raise _Damaged(f"it has {rows} labels, and weights for {high}")

    def _quantizer(self) -> None:
        width, parts, part, last = self._take("iiii")
        if min(width, parts, part, last) < 1 or (parts - 1) * part + last != width:
            raise _Damaged(f"{parts} parts of {part} are not {width}")
        self._skip(4 * width * _CENTROIDS)

    def _fits(self, high: int, wide: int) -> None:
        if not (0 < high < _LARGEST and 0 < wide < _LARGEST):
            raise _Damaged(f"a matrix of {high} x {wide}")

    def _take(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize("<" + form)
        if self._at + size > len(self._data):
            raise _Damaged(f"it ends after {len(self._data)} bytes")
        found = struct.unpack_from("<" + form, self._data, self._at)
        self._at += size
        return found

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise _Damaged(f"it ends after {len(self._data)} bytes, and {self._at} are announced")
