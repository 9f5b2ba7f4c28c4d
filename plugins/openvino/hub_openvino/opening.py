"""Opens weights for a verb: graphs with OpenVINO, language models with OpenVINO GenAI.

Imports neither before it knows which of them is needed: tensors do not wait for GenAI.
"""

from __future__ import annotations

from importlib import import_module

from hub.runtime.protocols import OpenRequest, Session

__all__ = ["open_model"]

_OPENERS = {"run": "hub_openvino.graphs", "chat": "hub_openvino.chats"}


def open_model(request: OpenRequest) -> Session:
    """Target of the backend.

    Raises
    ------
    InferenceError
        The file is broken, or the runtime or the device does not take it.
    OptionError
        The device does not do what an option asks.
    """
    session: Session = import_module(_OPENERS[request.verb]).open_session(request)
    return session
