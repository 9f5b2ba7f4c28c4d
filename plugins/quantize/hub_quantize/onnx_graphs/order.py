"""Nodes of an ONNX graph in an order in which they can run, as the specification wants it. Knows nothing of weights."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

__all__ = ["sort_nodes"]


def sort_nodes(graph: onnx.GraphProto) -> None:
    """Put each node behind those whose results it takes; what is in order stays as it is."""
    nodes = list(graph.node)
    makers = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    done: list[int] = []
    seen: set[int] = set()
    for first in range(len(nodes)):
        waiting = [first]
        while waiting:
            place = waiting[-1]
            if place in seen:
                waiting.pop()
                continue
            before = [makers[name] for name in _needs(nodes[place]) if name in makers]
            missing = [each for each in before if each not in seen and each != place]
            if missing and not set(missing) & set(waiting):
                waiting += missing[::-1]
                continue
            seen.add(place)
            done.append(place)
            waiting.pop()
    if done != list(range(len(nodes))):
        del graph.node[:]
        graph.node.extend(nodes[place] for place in done)


def _needs(node: onnx.NodeProto) -> Iterator[str]:
    """Names that a node takes, and its branches and loops."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            yield from (each.name for each in inner.output)
            for each in inner.node:
                yield from _needs(each)
