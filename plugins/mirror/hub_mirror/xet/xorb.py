"""Reads a xorb: chunks one after the other, each with a head of eight bytes.

References
----------
https://huggingface.co/docs/xet/xorb
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import lz4.frame  # type: ignore[import-untyped]  # it has no types

from hub_mirror.refusals import invalid

__all__ = ["chunks", "count_chunks"]

_HEAD = 8
_LARGEST = 2**21  # the protocol's chunks have at most 128 KiB; a head can say up to 16 MiB
_MOST = 2**16


def chunks(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """Contents of chunks `start` to `stop`, in order.

    Raises
    ------
    Refusal
        400 where it is no xorb, or has fewer chunks.
    """
    file.seek(0)
    for index in range(stop):
        head = file.read(_HEAD)
        if len(head) < _HEAD or head[0] != 0:
            raise invalid(f"The xorb has no chunk {index}")
        packed, kind, size = int.from_bytes(head[1:4], "little"), head[4], int.from_bytes(head[5:8], "little")
        if max(packed, size) > _LARGEST:
            raise invalid(f"Chunk {index} of the xorb is too large")
        if index < start:
            file.seek(packed, 1)
            continue
        data = file.read(packed)
        if len(data) < packed:
            raise invalid(f"The xorb ends in chunk {index}")
        yield _unpacked(data, kind, size, index)


def count_chunks(file: BinaryIO, size: int) -> int:
    """How many chunks a xorb of that many bytes has; a footer behind them is left out.

    Raises
    ------
    Refusal
        400 where it is no xorb.
    """
    place, count = 0, 0
    while place + _HEAD <= size and count < _MOST:
        file.seek(place)
        head = file.read(_HEAD)
        if head[0] != 0 or head[4] > 2:
            break  # the footer begins with its name
        place += _HEAD + int.from_bytes(head[1:4], "little")
        count += 1
    if not count or place > size:
        raise invalid("This is no xorb")
    return count


def _unpacked(data: bytes, kind: int, size: int, index: int) -> bytes:
    if kind == 0:
        content = data
    elif kind in {1, 2}:
        try:
            decompressor = lz4.frame.LZ4FrameDecompressor()
            content = decompressor.decompress(data, max_length=size + 1)
        except RuntimeError as error:
            raise invalid(f"Chunk {index} of the xorb is damaged") from error
        if kind == 2:
            content = _ungrouped(content)
    else:
        raise invalid(f"Chunk {index} of the xorb is compressed in an unknown way")
    if len(content) != size:
        raise invalid(f"Chunk {index} of the xorb has another size than it says")
    return content


def _ungrouped(data: bytes) -> bytes:
    """Bytes in their order again that were grouped by their place in words of four."""
    content = bytearray(len(data))
    place = 0
    for offset in range(4):
        length = (len(data) - offset + 3) // 4
        content[offset::4] = data[place : place + length]
        place += length
    return bytes(content)
