"""An ONNX graph of a part: read without its weights, which come one at a time; changed, written as it lay, checked.

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
import onnx.version_converter
from onnx import numpy_helper
from onnx.external_data_helper import load_external_data_for_tensor

from hub.errors import InferenceError, UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.facts import graph_of

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Graph", "read_graph"]

_LARGEST_GRAPH = 1_500_000_000  # a protobuf file ends at 2 GiB
_LEAST_EXTERNAL = 1024
_WORTH_MOVING = 64_000_000
_FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE}


class Graph:
    """A graph, and where its weights lie.

    Parameters
    ----------
    folder
        Where the weights lie that are not in the graph.
    name
        Path of the graph's file in the artifact.
    external
        Whether the weights that are written shall lie beside it.
    """

    def __init__(self, model: onnx.ModelProto, folder: Path, name: str, *, external: bool) -> None:
        self.model = model
        self.folder = folder
        self.name = name
        self.external = external
        self.initializers = {each.name: each for each in model.graph.initializer}
        self._uses = Counter(_taken(model.graph))
        self._places: dict[str, tuple[onnx.NodeProto, ...]] = {}

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The nodes, in the order in which they run."""
        nodes: Sequence[onnx.NodeProto] = self.model.graph.node
        return nodes

    @property
    def opset(self) -> int:
        """Version of the standard operators."""
        return next((each.version for each in self.model.opset_import if each.domain in {"", "ai.onnx"}), 1)

    def kind(self, name: str) -> int:
        """Element type of an initializer, as ONNX numbers them."""
        return int(self.initializers[name].data_type)

    def weight(self, name: str) -> Array:
        """A floating-point initializer as float32, read now.

        Raises
        ------
        InferenceError
            It holds NaN or infinity, or its file is not there or too short.
        """
        tensor = onnx.TensorProto()
        tensor.CopyFrom(self.initializers[name])
        self.fill(tensor)
        values: Array = np.asarray(numpy_helper.to_array(tensor)).astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise InferenceError(f"weight '{name}' of {self.name} holds NaN or infinity, so it cannot be quantized")
        return values

    def is_matrix(self, name: str) -> bool:
        """Whether a name is that of an initializer of floating-point numbers in two dimensions."""
        tensor = self.initializers.get(name)
        return tensor is not None and tensor.data_type in _FLOATS and len(tensor.dims) == 2

    def products(self, exclude: object) -> list[onnx.NodeProto]:
        """Each `MatMul` with a constant float matrix, but those whose name a pattern of `exclude` matches.

        Raises
        ------
        UsageError
            A pattern matches no such node.
        """
        patterns = [str(each) for each in exclude] if isinstance(exclude, list) else []
        found = [node for node in self.nodes if node.op_type == "MatMul" and self.is_matrix(node.input[1])]
        for pattern in patterns:
            if not any(fnmatchcase(node.name, pattern) for node in found):
                raise UsageError(
                    f"exclude={pattern} matches no matrix product of {self.name}",
                    hint=f"It is matched with names of MatMul nodes, such as {found[0].name}" if found else "",
                )
        return [node for node in found if not any(fnmatchcase(node.name, pattern) for pattern in patterns)]

    def add(self, name: str, values: Array) -> str:
        """Add an initializer, if it is not there yet, and return its name."""
        if name not in self.initializers:
            self.model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
            self.initializers[name] = self.model.graph.initializer[-1]
        return name

    def put(self, node: onnx.NodeProto, *others: onnx.NodeProto) -> None:
        """Have nodes take the place of `node`, and drop its weights that no node takes any more."""
        self._places[node.output[0]] = others
        self._uses.subtract(node.input)
        self._uses.update(name for other in others for name in other.input)

    def settle(self) -> None:
        """Put all nodes in place that were given to `put`, and drop initializers that were used until then."""
        gone = {name for name, uses in self._uses.items() if uses <= 0 and name in self.initializers}
        nodes = [new for node in self.nodes for new in self._places.get(next(iter(node.output), ""), (node,))]
        del self.model.graph.node[:]
        self.model.graph.node.extend(nodes)
        for values in (self.model.graph.initializer, self.model.graph.input):  # old graphs list weights as inputs too
            for place in reversed(range(len(values))):
                if values[place].name in gone:
                    del values[place]
        self.initializers = {each.name: each for each in self.model.graph.initializer}
        self._places.clear()

    def at_opset(self, version: int) -> Graph:
        """The same graph in a later set of operators, rewritten by ONNX itself.

        Raises
        ------
        UsageError
            It cannot rewrite one of its operators.
        """
        self.settle()
        for tensor in self.model.graph.initializer:
            self.fill(tensor)
        try:
            model = onnx.version_converter.convert_version(self.model, version)
        except Exception as error:  # onnx raises what it likes
            reason = " ".join(str(error).split())[:200]
            raise UsageError(
                f"{self.name} is of opset {self.opset}, {version} is needed, and onnx cannot rewrite it: {reason}"
            ) from error
        del model.metadata_props[:]
        model.metadata_props.extend(self.model.metadata_props)  # which the rewriting forgets
        return Graph(model, self.folder, self.name, external=self.external)

    def need(self, domain: str, version: int) -> None:
        """Have the graph import an operator set of a domain."""
        if not any(each.domain == domain for each in self.model.opset_import):
            self.model.opset_import.append(onnx.helper.make_opsetid(domain, version))

    def save(self, target: Path, *, external: bool) -> None:
        """Write the graph to a file, with the weights that still lie elsewhere."""
        for tensor in self.model.graph.initializer:
            self.fill(tensor)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_name(f"{target.name}_data").unlink(missing_ok=True)  # onnx appends to what lies there
        onnx.save_model(
            self.model,
            str(target),
            save_as_external_data=external or self.model.ByteSize() > _LARGEST_GRAPH,
            location=f"{target.name}_data",
            size_threshold=_LEAST_EXTERNAL,
        )

    def write(self, request: TransformRequest) -> None:
        """Write the graph under its own name, weights beside it where they lay beside it, and check it.

        Raises
        ------
        InferenceError
            What was made breaks the ONNX specification, which the origin did not.
        """
        self.settle()
        target = request.out / self.name
        self.save(target, external=self.external)
        fault = _fault(target)
        if fault and not _fault(request.path / self.name):  # some exporters write operators that ONNX does not have
            raise InferenceError(f"{self.name} would break the ONNX specification: {fault}")

    def fill(self, tensor: onnx.TensorProto) -> None:
        """Bring the content of a tensor into memory that lies beside the graph."""
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            return
        try:
            load_external_data_for_tensor(tensor, str(self.folder))
        except Exception as error:  # onnx raises what it likes on broken files
            raise InferenceError(f"weight '{tensor.name}' of {self.name} cannot be read: {error}") from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def read_graph(request: TransformRequest) -> Graph:
    """The graph of a part. Where large weights lie in it, they are moved beside a copy of it first.

    Raises
    ------
    InferenceError
        It cannot be read.
    """
    try:
        name = graph_of(request.facts.parts[request.part], ".onnx")
    except ValueError as error:
        raise InferenceError(f"nothing to compress: {error}") from error
    path, external = request.path / name, len(request.files) > 1
    if request.work is not None and not external and path.stat().st_size > _WORTH_MOVING:
        graph = Graph(_load(path), path.parent, name, external=True)
        path = request.work / "origin.onnx"
        graph.save(path, external=True)
        del graph
    return Graph(_load(path), path.parent, name, external=external)


def _taken(graph: onnx.GraphProto) -> Iterator[str]:
    """Every name that a node takes or the graph gives, as often as it is, those in branches and loops included."""
    yield from (each.name for each in graph.output)
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _taken(inner)


def _load(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf and onnx raise what they like on broken files
        raise InferenceError(f"{path.name} cannot be read by onnx {onnx.__version__}: {error}") from error
    if not model.graph.node:
        raise InferenceError(f"{path.name} holds no graph")
    _lift_constants(model)
    return model


def _lift_constants(model: onnx.ModelProto) -> None:
    """Make initializers of the floats in nodes `Constant`, where some exporters put all weights."""
    given = {each.name for each in model.graph.output}
    kept = []
    for node in model.graph.node:
        tensor = next((each.t for each in node.attribute if node.op_type == "Constant" and each.name == "value"), None)
        if tensor is None or tensor.data_type not in _FLOATS or not tensor.dims or node.output[0] in given:
            kept.append(node)
            continue
        model.graph.initializer.append(tensor)
        model.graph.initializer[-1].name = node.output[0]
    if len(kept) < len(model.graph.node):
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        model.ir_version = max(model.ir_version, 4)  # the first in which initializers need not be inputs


def _fault(path: Path) -> str:
    """What the checker of ONNX says against a file; empty where it is sound."""
    try:
        onnx.checker.check_model(str(path))
    except onnx.checker.ValidationError as error:
        return str(error).splitlines()[0]
    return ""
