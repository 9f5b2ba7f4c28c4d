"""Writes small ONNX graphs for the tests, byte by byte: the format is protocol buffers.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

FLOAT, STRING, INT64 = 1, 8, 7


def graph(
    op: str, inputs: dict[str, tuple[int, list]], outputs: dict[str, tuple[int, list]], *, version: int = 13
) -> bytes:
    """A model of one node; inputs and outputs are name to (element type, shape), with texts as symbolic sizes."""
    node = b"".join(_bytes(1, name.encode()) for name in inputs) + b"".join(
        _bytes(2, name.encode()) for name in outputs
    )
    body = _bytes(1, node + _bytes(4, op.encode())) + _bytes(2, b"g")
    body += b"".join(_bytes(11, _info(name, *kind)) for name, kind in inputs.items())
    body += b"".join(_bytes(12, _info(name, *kind)) for name, kind in outputs.items())
    return _number(1, 8) + _bytes(7, body) + _bytes(8, _number(2, version))


def _info(name: str, element: int, shape: list) -> bytes:
    sizes = b"".join(
        _bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size.encode()) if size else b"")
        for size in shape
    )
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _number(1, element) + _bytes(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])
