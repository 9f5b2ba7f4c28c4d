"""What goes wrong with a request, as HTTP: a status, a code, and what to do. Knows no interface's shape for it."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import (
    AccessDenied,
    BadReference,
    Cancelled,
    ContextOverflow,
    DoesNotFit,
    HubError,
    InferenceError,
    InputError,
    NotFound,
    Offline,
    OptionError,
    PlanError,
    PluginError,
    PolicyError,
    SessionClosed,
    SourceError,
    UsageError,
    WorkerDied,
)

__all__ = ["Fault", "fault_of"]


class Fault(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status
        Of HTTP.
    code
        A word for programs: `model_not_found`, `context_length_exceeded`, ….
    message
        What failed, why, and what to do.
    param
        Where in the request, as a JSON path; empty where it is not about a place.
    error
        The error of the hub that it is, where it is one.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str = "",
        headers: Mapping[str, str] | None = None,
        error: HubError | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers or {})
        self.error = error


_KINDS: tuple[tuple[type[HubError], int, str], ...] = (
    (ContextOverflow, 400, "context_length_exceeded"),
    (BadReference, 404, "model_not_found"),
    (OptionError, 400, "invalid_option"),
    (InputError, 400, "invalid_input"),
    (UsageError, 400, "invalid_request"),
    (PolicyError, 403, "refused_by_policy"),
    (DoesNotFit, 503, "out_of_memory"),
    (PlanError, 501, "cannot_run_here"),
    (PluginError, 501, "plugin_missing"),
    (NotFound, 404, "weights_not_found"),
    (AccessDenied, 502, "weights_denied"),
    (Offline, 503, "offline"),
    (SourceError, 502, "weights_unreachable"),
    (Cancelled, 499, "cancelled"),
    (WorkerDied, 500, "worker_died"),
    (SessionClosed, 503, "model_unloaded"),
    (InferenceError, 500, "inference_failed"),
)


def fault_of(error: BaseException) -> Fault:
    """The fault that an error is; one that nobody foresaw says its class alone."""
    if isinstance(error, Fault):
        return error
    if not isinstance(error, HubError):
        return Fault(500, "internal_error", f"the server failed: {type(error).__name__}")
    status, code = next(((status, code) for kind, status, code in _KINDS if isinstance(error, kind)), (500, "failed"))
    told = [error.message, *error.details[:8]] if status < 500 or isinstance(error, PlanError) else [error.message]
    message = "; ".join(told) + (f". {error.hint}" if error.hint else "")
    return Fault(status, code, message, error=error)
