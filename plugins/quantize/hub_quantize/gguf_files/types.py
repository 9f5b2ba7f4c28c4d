"""Matrices of a GGUF file in another type: `int8`, `int4`, `fp16`, `bf16`.

The types are those of llama.cpp that the `gguf` package writes: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
Vectors stay as they are, as llama.cpp leaves them; the table of embeddings, which often is the output matrix too, gets
8 bits where the others get fewer. Knows nothing of importance matrices, and writes no K-quants: the package does not.
"""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType, ReaderTensor
from gguf.constants import GGML_QUANT_SIZES, GGUFValueType, Keys
from gguf.quants import dequantize
from gguf.quants import quantize as encode

from hub.errors import InferenceError, UsageError
from hub.runtime.protocols import TransformRequest

__all__ = ["bf16", "fp16", "quantize"]

_KEPT = ("_norm.weight", "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight")
"""Tensors that llama.cpp never quantizes: small, and felt everywhere."""
_SHARED = ("token_embd.weight", "output.weight")
_WRITTEN = (
    Keys.General.ARCHITECTURE,
    Keys.General.FILE_TYPE,
    Keys.General.QUANTIZATION_VERSION,
    Keys.General.ALIGNMENT,
)
_TYPES = {
    "q4_0": (GGMLQuantizationType.Q4_0, LlamaFileType.MOSTLY_Q4_0),
    "q4_1": (GGMLQuantizationType.Q4_1, LlamaFileType.MOSTLY_Q4_1),
    "q5_0": (GGMLQuantizationType.Q5_0, LlamaFileType.MOSTLY_Q5_0),
    "q5_1": (GGMLQuantizationType.Q5_1, LlamaFileType.MOSTLY_Q5_1),
    "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
    "bf16": (GGMLQuantizationType.BF16, LlamaFileType.MOSTLY_BF16),
}
_VERSION = 2  # of the layout of quantized blocks


def quantize(request: TransformRequest) -> None:
    """Write the file with its matrices in the type that the options name."""
    _write(request, str(request.options["type"]))


def fp16(request: TransformRequest) -> None:
    """Write the file with its matrices in float16."""
    _write(request, "f16")


def bf16(request: TransformRequest) -> None:
    """Write the file with its matrices in bfloat16."""
    _write(request, "bf16")


def _write(request: TransformRequest, name: str) -> None:
    (path,) = request.files
    try:
        reader = GGUFReader(path)
    except (ValueError, IndexError, KeyError) as error:
        raise InferenceError(f"{path.name} is no GGUF file that can be read: {error}") from error
    kinds = {tensor.name: _kind(tensor, _TYPES[name][0]) for tensor in reader.tensors}
    if all(kinds[tensor.name] == tensor.tensor_type for tensor in reader.tensors):
        raise UsageError(f"{path.name} holds no matrix that {name} would make smaller")
    target = request.out / path.relative_to(request.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("gguf").setLevel(logging.ERROR)
    writer = GGUFWriter(target, _architecture(reader, path))
    with closing(writer):
        _copy_fields(reader, writer)
        writer.add_file_type(int(_TYPES[name][1]))
        writer.add_quantization_version(_VERSION)
        for tensor in reader.tensors:
            _declare(writer, tensor, kinds[tensor.name])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in reader.tensors:
            writer.write_tensor_data(_data(tensor, kinds[tensor.name]))


def _kind(tensor: ReaderTensor, wanted: GGMLQuantizationType) -> GGMLQuantizationType:
    """The type that a tensor gets: never one of more bits than it has, never one whose blocks do not fit its rows."""
    if len(tensor.data.shape) < 2 or tensor.name.endswith(_KEPT):
        return tensor.tensor_type
    if tensor.name in _SHARED and _bits(wanted) < _bits(GGMLQuantizationType.Q8_0):
        wanted = GGMLQuantizationType.Q8_0
    if _bits(tensor.tensor_type) <= _bits(wanted) or int(tensor.shape[0]) % GGML_QUANT_SIZES[wanted][0]:
        return tensor.tensor_type
    return wanted


def _bits(kind: GGMLQuantizationType) -> float:
    block, size = GGML_QUANT_SIZES[kind]
    return 8 * size / block


def _architecture(reader: GGUFReader, path: Path) -> str:
    field = reader.get_field(Keys.General.ARCHITECTURE)
    if field is None:
        raise InferenceError(f"{path.name} does not say its architecture")
    return str(field.contents())


def _copy_fields(reader: GGUFReader, writer: GGUFWriter) -> None:
    for field in reader.fields.values():
        if field.name in _WRITTEN or field.name.startswith("GGUF.") or not field.types:
            continue
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)


def _declare(writer: GGUFWriter, tensor: ReaderTensor, kind: GGMLQuantizationType) -> None:
    if kind == tensor.tensor_type:
        writer.add_tensor_info(tensor.name, tensor.data.shape, tensor.data.dtype, tensor.data.nbytes, kind)
        return
    rows, width = [int(size) for size in reversed(tensor.shape)][:-1], int(tensor.shape[0])
    block, size = GGML_QUANT_SIZES[kind]
    shape = (*rows, width // block * size)
    writer.add_tensor_info(tensor.name, shape, np.dtype(np.uint8), int(np.prod(shape)), kind)


def _data(tensor: ReaderTensor, kind: GGMLQuantizationType) -> np.ndarray:
    if kind == tensor.tensor_type:
        return tensor.data
    values = dequantize(tensor.data, tensor.tensor_type)
    if not np.isfinite(values).all():
        raise InferenceError(f"weight '{tensor.name}' holds NaN or infinity, so it cannot be quantized")
    if kind == GGMLQuantizationType.F16 and np.abs(values).max(initial=0) > np.finfo(np.float16).max:
        raise InferenceError(
            f"weight '{tensor.name}' holds {np.abs(values).max():.3g}, which float16 cannot hold",
            hint="bfloat16 holds every float32: take bf16",
        )
    return np.ascontiguousarray(encode(values, kind)).view(np.uint8)
