"""Weight-only `int8` and `int4` of ONNX graphs: matrices in blocks that share a scale, as `MatMulNBits`.

The layout is that of ONNX Runtime's operator `com.microsoft.MatMulNBits`; blocks as in Dettmers et al., 8-bit
Optimizers via Block-wise Quantization (https://arxiv.org/abs/2110.02861). Needs no data.
Knows nothing of activations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.tables import quantize_tables

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["int4", "int8", "quantize_blocks"]

_DOMAIN = "com.microsoft"
_ACCURACY = 4  # activations are rounded to 8 bits, block by block, where that is faster


def int8(request: TransformRequest) -> None:
    """Write the graph with 8-bit matrices: as near to the origin as 8 bits get."""
    _write(request, bits=8)


def int4(request: TransformRequest) -> None:
    """Write the graph with 4-bit matrices."""
    _write(request, bits=4)


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


def _write(request: TransformRequest, *, bits: int) -> None:
    graph, block = read_graph(request), int(str(request.options["block_size"]))
    if block < 16 or block & (block - 1):
        raise UsageError(f"block_size={block} is no power of two from 16 on")
    excluded = request.options["exclude"]
    done = 0
    for node, matrix in graph.matrices([str(each) for each in excluded] if isinstance(excluded, list) else []):
        _replace(graph, node, matrix, bits, block)
        done += 1
    if request.options["embeddings"]:
        done += quantize_tables(graph)
    if not done:
        raise UsageError(
            f"{graph.name} has no matrix product with constant float weights, so int{bits} finds nothing to compress",
            hint="Convolutions are compressed by: int8-static",
        )
    graph.need(_DOMAIN, 1)
    request.tell(f"{done} matrices and tables in {bits} bits")
    graph.write(request.out)


def _replace(graph: Graph, node: onnx.NodeProto, matrix: Array, bits: int, block: int) -> None:
    weight, kind = node.input[1], graph.initializers[node.input[1]].data_type
    named = [f"{weight}_int{bits}", f"{weight}_scale", f"{weight}_zero"]
    if named[0] not in graph.initializers:
        integers, scales, zeros = quantize_blocks(matrix, bits, block)
        graph.add(named[0], integers if bits == 8 else integers[..., ::2] | integers[..., 1::2] << 4)
        graph.add(named[1], scales.reshape(-1).astype(onnx.helper.tensor_dtype_to_np_dtype(kind)))
        graph.add(named[2], (zeros if bits == 8 else _paired(zeros)).reshape(-1))
    inputs, outputs = matrix.shape
    graph.put(
        node,
        onnx.helper.make_node(
            "MatMulNBits",
            [node.input[0], *named],
            list(node.output),
            node.name,
            domain=_DOMAIN,
            K=inputs,
            N=outputs,
            bits=bits,
            block_size=block,
            accuracy_level=_ACCURACY,
        ),
    )
    graph.forget(weight)


def _paired(zeros: Array) -> Array:
    """Two 4-bit numbers in a byte, the first in its low half; a row of odd length gets one that is not used."""
    even = np.pad(zeros, ((0, 0), (0, zeros.shape[1] % 2)), constant_values=8)
    paired: Array = even[:, ::2] | even[:, 1::2] << 4
    return paired
