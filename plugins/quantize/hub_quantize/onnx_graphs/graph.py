"""An ONNX graph of a part: read with its weights, looked at, written as it lay, with a check.

Knows nothing of quantization.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from hub.errors import InferenceError, UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.facts import graph_of

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Graph", "read_graph"]

_LARGEST_GRAPH = 1_500_000_000  # a protobuf file ends at 2 GiB
_LEAST_EXTERNAL = 1024
_FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE}


class Graph:
    """A graph whose weights are in memory.

    Parameters
    ----------
    origin
        File that it was read from.
    name
        Path of that file in the artifact.
    external
        Whether its weights lay beside it, and so shall those that are written.
    """

    def __init__(self, model: onnx.ModelProto, origin: Path, name: str, *, external: bool) -> None:
        self.model = model
        self.origin = origin
        self.name = name
        self.external = external
        self.initializers = {each.name: each for each in model.graph.initializer}
        self._uses = Counter(name for node in model.graph.node for name in node.input)
        self._places: dict[str, tuple[onnx.NodeProto, ...]] = {}

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The nodes, in the order in which they run."""
        nodes: Sequence[onnx.NodeProto] = self.model.graph.node
        return nodes

    def weight(self, name: str) -> Array | None:
        """A floating-point initializer as float32; `None` where the name is no such thing.

        Raises
        ------
        InferenceError
            It holds NaN or infinity.
        """
        tensor = self.initializers.get(name)
        if tensor is None or tensor.data_type not in _FLOATS:
            return None
        values: Array = np.asarray(numpy_helper.to_array(tensor)).astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise InferenceError(f"weight '{name}' of {self.name} holds NaN or infinity, so it cannot be quantized")
        return values

    def matrices(self, exclude: Sequence[str]) -> Iterator[tuple[onnx.NodeProto, Array]]:
        """Each `MatMul` with a constant float matrix, and that matrix (in, out), but those that patterns exclude.

        Raises
        ------
        UsageError
            A pattern matches the name of no such node.
        """
        unused = set(exclude)
        for node in list(self.nodes):
            if node.op_type != "MatMul":
                continue
            tensor = self.initializers.get(node.input[1])
            if tensor is None or len(tensor.dims) != 2 or tensor.data_type not in _FLOATS:
                continue
            hits = {pattern for pattern in exclude if fnmatchcase(node.name, pattern)}
            unused -= hits
            if not hits:
                matrix = self.weight(node.input[1])
                assert matrix is not None
                yield node, matrix
        if unused:
            raise UsageError(
                f"exclude={min(unused)} matches no matrix product of {self.name}",
                hint="Patterns are matched with the names of MatMul nodes, such as */layers.0/*",
            )

    def add(self, name: str, values: Array) -> str:
        """Add an initializer, and return its name."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
        self.model.graph.initializer.append(tensor)
        self.initializers[name] = tensor
        return name

    def put(self, node: onnx.NodeProto, *others: onnx.NodeProto) -> None:
        """Have nodes take the place of `node` when the graph is settled."""
        self._places[node.output[0]] = others
        self._uses.subtract(node.input)
        self._uses.update(name for other in others for name in other.input)

    def forget(self, name: str) -> None:
        """Drop an initializer if no node takes it any more."""
        if self._uses[name] > 0 or name not in self.initializers:
            return
        del self.initializers[name]
        place = next(index for index, each in enumerate(self.model.graph.initializer) if each.name == name)
        del self.model.graph.initializer[place]

    def settle(self) -> None:
        """Put all nodes in place that were given to `put`."""
        nodes = [new for node in self.nodes for new in self._places.get(node.output[0], (node,))]
        del self.model.graph.node[:]
        self.model.graph.node.extend(nodes)
        self._places.clear()

    def need(self, domain: str, version: int) -> None:
        """Have the graph import an operator set, in that version at least."""
        for each in self.model.opset_import:
            if each.domain == domain:
                each.version = max(each.version, version)
                return
        self.model.opset_import.append(onnx.helper.make_opsetid(domain, version))

    def made(self, model: onnx.ModelProto) -> Graph:
        """The same graph after a library has rewritten it."""
        return Graph(model, self.origin, self.name, external=self.external)

    def write(self, out: Path) -> None:
        """Write the graph under its own name, weights beside it where they lay beside it, and check it.

        Raises
        ------
        InferenceError
            What was made breaks the ONNX specification.
        """
        self.settle()
        target = out / self.name
        target.parent.mkdir(parents=True, exist_ok=True)
        onnx.save_model(
            self.model,
            str(target),
            save_as_external_data=self.external or self.model.ByteSize() > _LARGEST_GRAPH,
            location=f"{target.name}_data",
            size_threshold=_LEAST_EXTERNAL,
        )
        self._check(target)

    def _check(self, target: Path) -> None:
        """Refuse what breaks the specification, unless the graph that was read did: some exporters write such."""
        try:
            onnx.checker.check_model(str(target))
        except onnx.checker.ValidationError as error:
            try:
                onnx.checker.check_model(str(self.origin))
            except onnx.checker.ValidationError:
                return
            raise InferenceError(f"{self.name} would break the ONNX specification: {error}") from error


def read_graph(request: TransformRequest) -> Graph:
    """The graph of a part.

    Raises
    ------
    InferenceError
        It cannot be read.
    """
    try:
        name = graph_of(request.facts.parts[request.part], ".onnx")
        model = onnx.load(str(request.path / name))
    except ValueError as error:
        raise InferenceError(f"nothing to compress: {error}") from error
    except Exception as error:  # protobuf and onnx raise what they like on broken files
        raise InferenceError(f"{request.path.name} cannot be read by onnx {onnx.__version__}: {error}") from error
    return Graph(model, request.path / name, name, external=len(request.files) > 1)
