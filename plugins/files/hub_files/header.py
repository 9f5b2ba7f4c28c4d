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
_WIDTH, _LOSS, _MODEL, _BUCKETS = 0, 6, 7, 8  # places among the settings
_LOSSES = range(1, 5)
_SUPERVISED = 3
_WORD, _LABEL = 0, 1
_CENTROIDS = 256


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
        if settings[_LOSS] not in _LOSSES or settings[_WIDTH] < 1 or settings[_BUCKETS] < 0:
            raise _Damaged("its settings are none")
        words, labels, pruned = self._dictionary()
        self._matrix(words + (settings[_BUCKETS] if pruned < 0 else pruned), settings[_WIDTH])
        self._matrix(labels, settings[_WIDTH])
        if self._at != len(self._data):
            raise _Damaged(f"{len(self._data) - self._at} bytes follow its end")

    def _dictionary(self) -> tuple[int, int, int]:
        """Counts of words, of labels, and of the groups of letters that were kept: below 0 where all were."""
        size, words, labels, _, pruned = self._take("iiiqq")
        if size != words + labels or words < 0 or labels < 1:
            raise _Damaged(f"{words} words and {labels} labels are not {size} entries")
        found = 0
        for _ in range(size):
            end = self._data.find(b"\0", self._at)
            if end < 0:
                raise _Damaged("it ends within its words")
            self._at = end + 1
            _, kind = self._take("qb")
            if kind not in {_WORD, _LABEL}:
                raise _Damaged(f"an entry is neither word nor label, but {kind}")
            found += kind
        if found != labels:
            raise _Damaged(f"it announces {labels} labels, and has {found}")
        self._skip(8 * max(0, pruned))
        return words, labels, pruned

    def _matrix(self, rows: int, width: int) -> None:
        """A matrix of so many rows."""
        (quantized,) = self._take("?")
        if not quantized:
            high, wide = self._take("qq")
            self._fits(high, wide, rows, width)
            self._skip(4 * high * wide)
            return
        norms, high, wide, codes = self._take("?qqi")
        self._fits(high, wide, rows, width)
        if codes < 0 or codes % high:
            raise _Damaged(f"{codes} codes are not those of {high} rows")
        self._skip(codes)
        self._quantizer(width)
        if norms:
            self._skip(high)
            self._quantizer(1)

    def _quantizer(self, wanted: int) -> None:
        width, parts, part, last = self._take("iiii")
        if width != wanted or min(parts, part, last) < 1 or (parts - 1) * part + last != width:
            raise _Damaged(f"{parts} parts of {part} are not {wanted}")
        self._skip(4 * width * _CENTROIDS)

    @staticmethod
    def _fits(high: int, wide: int, rows: int, width: int) -> None:
        if (high, wide) != (rows, width):
            raise _Damaged(f"a matrix of {high} x {wide} is not {rows} x {width}")

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
