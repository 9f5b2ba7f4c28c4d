"""Errors as text alone, as Ollama, Triton and TensorFlow Serving write them."""

from __future__ import annotations

from hub.server.faults import Fault
from hub.types import JSON

__all__ = ["error_body"]


def error_body(fault: Fault) -> dict[str, JSON]:
    """The document of an error."""
    return {"error": fault.message}
