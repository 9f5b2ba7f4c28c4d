"""Errors in the shape of OpenAI: https://platform.openai.com/docs/guides/error-codes."""

from __future__ import annotations

from hub.server.faults import Fault
from hub.types import JSON

__all__ = ["error_body"]

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def error_body(fault: Fault) -> dict[str, JSON]:
    """The document of an error."""
    kind = _TYPES.get(fault.status, "invalid_request_error" if fault.status < 500 else "server_error")
    return {"error": {"message": fault.message, "type": kind, "param": fault.param or None, "code": fault.code or None}}
