"""Writes a GGUF file anew, with float16 in place of the types that GenAI's reader rounds or does not read.

A value of a block is a small whole number times a scale, plus an offset where the type has one: float16 holds it to 1
part in 2,048. Types that the reader takes over stay as they are. Reads and writes with the `gguf` package of llama.cpp.
"""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, ReaderField, ReaderTensor
from gguf.quants import dequantize

from hub.errors import InferenceError
from hub_openvino.facts import GGUF_TYPES

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["widen"]

_ARCHITECTURE = "general.architecture"
_ALIGNMENT = "general.alignment"
_OWN = "GGUF."  # what the library makes of the header itself
_LARGEST = float(np.finfo(np.float16).max)


def widen(source: Path, target: Path) -> None:
    """Write the whole model; one tensor at a time is in memory.

    Raises
    ------
    InferenceError
        The file cannot be read, or a weight is too large for float16, or no number.
    """
    try:
        reader = GGUFReader(source)
    except (ValueError, KeyError, IndexError) as error:
        raise InferenceError(f"{source.name} cannot be read: {error}") from error
    kept = {tensor.name: _is_kept(tensor) for tensor in reader.tensors}
    logging.getLogger("gguf").setLevel(logging.WARNING)  # it tells the place of each file that it writes
    with closing(GGUFWriter(target, str(reader.fields[_ARCHITECTURE].contents()))) as writer:
        for field in reader.fields.values():
            if not _is_left_out(field):
                inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
                writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
        for tensor in reader.tensors:
            if kept[tensor.name]:
                data = tensor.data
                writer.add_tensor_info(tensor.name, data.shape, data.dtype, data.nbytes, tensor.tensor_type)
            else:
                shape, kind = _shape(tensor), _dtype(tensor)
                writer.add_tensor_info(tensor.name, shape, kind, int(np.prod(shape)) * kind.itemsize)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in reader.tensors:
            writer.write_tensor_data(tensor.data if kept[tensor.name] else _widened(tensor))


def _is_left_out(field: ReaderField) -> bool:
    """What the library writes by itself, and lists without members, which it does not write."""
    empty = field.types == [GGUFValueType.ARRAY]
    return empty or field.name.startswith(_OWN) or field.name in (_ARCHITECTURE, _ALIGNMENT)


def _is_kept(tensor: ReaderTensor) -> bool:
    return tensor.tensor_type == GGMLQuantizationType.F32 or tensor.tensor_type.name.lower() in GGUF_TYPES


def _shape(tensor: ReaderTensor) -> tuple[int, ...]:
    return tuple(int(size) for size in reversed(tensor.shape))


def _dtype(tensor: ReaderTensor) -> np.dtype[np.float16] | np.dtype[np.float32]:
    """Vectors are few, and felt everywhere: they become float32."""
    return np.dtype(np.float32) if len(tensor.shape) < 2 else np.dtype(np.float16)


def _widened(tensor: ReaderTensor) -> Array:
    values = dequantize(tensor.data, tensor.tensor_type)
    largest = float(np.abs(values).max(initial=0))
    if not largest <= _LARGEST:  # so that NaN is refused too
        raise InferenceError(f"weight '{tensor.name}' holds {largest:.3g}, which float16 cannot hold")
    return values.reshape(_shape(tensor)).astype(_dtype(tensor))
