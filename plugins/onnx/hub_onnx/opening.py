"""The backend's target: a plain graph for `run`, a graph with a KV cache for `generate`.

Imports the runtime of the verb alone: ONNX Runtime GenAI is an extra of this package. Knows neither of them.
"""

from __future__ import annotations

from importlib import import_module

from hub.runtime.protocols import OpenRequest, Session

__all__ = ["open_part"]

_OPENERS = {"run": ("hub_onnx.backend", "open_graph"), "generate": ("hub_onnx.generating", "open_decoder")}


def open_part(request: OpenRequest) -> Session:
    """Open a part for the verb of the request.

    Raises
    ------
    InferenceError
        The file is broken, or the device does not take it.
    """
    module, name = _OPENERS[request.verb]
    session: Session = getattr(import_module(module), name)(request)
    return session
