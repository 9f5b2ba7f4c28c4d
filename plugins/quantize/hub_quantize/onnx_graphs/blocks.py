"""Weight-only `int8` and `int4` of ONNX graphs: matrices in blocks that share a scale, as `MatMulNBits`.

The layout is that of ONNX Runtime's operator `com.microsoft.MatMulNBits`; blocks as in Dettmers et al., 8-bit
Optimizers via Block-wise Quantization (https://arxiv.org/abs/2110.02861). Needs no data.
Knows nothing of activations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from hub.errors import NothingToDo, UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.tables import quantize_tables

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["int4", "int8", "quantize_blocks"]

_DOMAIN = "com.microsoft"
_ACCURACY = 4  # activations are rounded to 8 bits, block by block, where that is faster
_COLUMNS = 1024  # at once


def int8(request: TransformRequest) -> None:
    """Write the graph with 8-bit matrices: as near to the origin as 8 bits get."""
    _write(request, 8)


def int4(request: TransformRequest) -> None:
    """Write the graph with 4-bit matrices."""
    _write(request, 4)


def quantize_blocks(matrix: Array, bits: int, block: int) -> tuple[Array, Array, Array]:
    """Round a matrix, block by block along what it sums over.

    Parameters
    ----------
    matrix
        float32 (in, out).

    Returns
    -------
    tuple
        Integers uint8 (out, blocks, block) in [0, 2**bits), scales float32 (out, blocks), and zero points uint8
        (out, blocks): `matrix ≈ (integers - zero) * scale`. A last block that is short is padded with zeros.
    """
    inputs, outputs = matrix.shape
    count, most = -(-inputs // block), 2**bits - 1
    padded = np.zeros((outputs, count * block), np.float32)
    padded[:, :inputs] = matrix.T
    values = padded.reshape(outputs, count, block)
    low, high = np.minimum(values.min(axis=2), 0), np.maximum(values.max(axis=2), 0)
    scales = np.where(high > low, (high - low) / most, 1).astype(np.float32)
    zeros = np.rint(-low / scales)
    integers = np.clip(np.rint(values / scales[..., None]) + zeros[..., None], 0, most)
    return integers.astype(np.uint8), scales, zeros.astype(np.uint8)


def _write(request: TransformRequest, bits: int) -> None:
    graph, block = read_graph(request), int(str(request.options["block_size"]))
    if block & (block - 1):
        raise UsageError(f"block_size={block} is no power of two", hint="Take one of 16, 32, 64, 128, 256")
    products = graph.products(request.options["exclude"])
    for node in products:
        _replace(graph, node, bits, block)
    done = len(products) + (quantize_tables(graph) if request.options["embeddings"] else 0)
    if not done:
        raise NothingToDo(
            f"{graph.name} has no matrix product with constant float weights, so int{bits} finds nothing to compress",
            hint="Convolutions are compressed by: int8-static",
        )
    graph.need(_DOMAIN, 1)
    request.tell(f"{len(products)} matrices in {bits} bits")
    graph.write(request)


def _replace(graph: Graph, node: onnx.NodeProto, bits: int, block: int) -> None:
    weight, kind = node.input[1], graph.kind(node.input[1])
    names = [f"{weight}_int{bits}", f"{weight}_scale", f"{weight}_zero"]
    if names[0] not in graph.initializers:
        packed, scales, zeros = _packed(graph.weight(weight), bits, block)
        graph.add(names[0], packed)
        graph.add(names[1], scales.astype(onnx.helper.tensor_dtype_to_np_dtype(kind)))
        graph.add(names[2], zeros)
    inputs, outputs = graph.initializers[weight].dims
    sizes = {"K": inputs, "N": outputs, "bits": bits, "block_size": block, "accuracy_level": _ACCURACY}
    make = onnx.helper.make_node
    graph.put(
        node,
        make("MatMulNBits", [node.input[0], *names], list(node.output), node.name, domain=_DOMAIN, **sizes),
    )


def _packed(matrix: Array, bits: int, block: int) -> tuple[Array, Array, Array]:
    """Integers, scales and zero points as the operator takes them, a few columns at once."""
    parts = []
    for start in range(0, matrix.shape[1], _COLUMNS):
        integers, scales, zeros = quantize_blocks(matrix[:, start : start + _COLUMNS], bits, block)
        if bits == 4:
            integers, zeros = _paired(integers), _paired(np.pad(zeros, ((0, 0), (0, zeros.shape[1] % 2))))
        parts.append((integers, scales.reshape(-1), zeros.reshape(-1)))
    integers, scales, zeros = (np.concatenate(each) for each in zip(*parts, strict=True))
    return integers, scales, zeros


def _paired(numbers: Array) -> Array:
    """Two 4-bit numbers of the last dimension in a byte, the first in its low half."""
    paired: Array = numbers[..., ::2] | numbers[..., 1::2] << 4
    return paired
