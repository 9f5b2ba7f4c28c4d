"""Every error that `hub` raises on purpose, and the exit code each one ends a command with.

::

    HubError                    1  it failed
    ├── UsageError              2  the call was wrong
    │   ├── BadReference           a reference names nothing, or more than one thing
    │   ├── OptionError            an option that is unknown, out of range or of the wrong type
    │   ├── InputError             an input that the task does not take
    │   ├── ContextOverflow        a prompt that is longer than the model's context
    │   └── NothingToDo            a step that finds nothing in the weights to work on
    ├── PluginError             3  a plugin that is needed is missing or broken
    │   ├── PluginMissing          nothing installed provides it
    │   └── PluginBroken           it is installed, and fails
    ├── RegistryError           1  a registry that cannot be read
    │   └── SchemaError         2  a registry whose content is not what the schema says (all faults)
    ├── SourceError             1  bytes that could not be had
    │   ├── NotFound               repository, revision, package or file is not there
    │   ├── AccessDenied           private, gated, or the credentials lack the right
    │   └── Offline                the network is off, or told to be
    ├── VerificationError       4  bytes that are not what was promised
    ├── PolicyError             4  refused for safety or licence
    ├── StorageError            1  the disk: full, read-only, locked
    ├── PlanError               1  no way to run this model here
    │   └── DoesNotFit             there is one, but not in this memory
    └── InferenceError          1  the runtime failed
        ├── SessionClosed          used after close
        ├── WorkerDied             the process that held the model ended
        └── Cancelled              stopped by the caller

Knows nothing of terminals: the message is what failed and why, `hint` is the exact next command. They are printed
by `hub.cli.main` alone. All of them pickle, because models run in worker processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

__all__ = [
    "AccessDenied",
    "BadReference",
    "Cancelled",
    "ContextOverflow",
    "DoesNotFit",
    "HubError",
    "InferenceError",
    "InputError",
    "NotFound",
    "NothingToDo",
    "Offline",
    "OptionError",
    "PlanError",
    "PluginBroken",
    "PluginError",
    "PluginMissing",
    "PolicyError",
    "RegistryError",
    "SchemaError",
    "SessionClosed",
    "SourceError",
    "StorageError",
    "UsageError",
    "VerificationError",
    "WorkerDied",
]


class HubError(Exception):
    """Root of the tree.

    Parameters
    ----------
    message
        What failed and why, without a full stop at the end of a name or path.
    hint
        The exact next command or step; empty where there is none.
    details
        Lines that belong to the message: each source that was tried, each fault of a registry.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def __reduce__(self) -> tuple[Callable[..., HubError], tuple[object, ...]]:
        return _rebuild, (type(self), self.message, self.hint, self.details)


def _rebuild(kind: type[HubError], message: str, hint: str, details: tuple[str, ...]) -> HubError:
    return kind(message, hint=hint, details=details)


class UsageError(HubError):
    """The call was wrong: it fails the same way until the caller changes it."""

    exit_code = 2


class BadReference(UsageError):
    """A reference that names no model, or more than one."""


class OptionError(UsageError):
    """An option that is unknown, out of range, of the wrong type, or not honoured by what would run it."""


class InputError(UsageError):
    """An input of a kind or shape that the task does not take."""


class ContextOverflow(UsageError):
    """A prompt that does not fit the context; it is refused, never cut."""


class NothingToDo(UsageError):
    """A step finds nothing in the weights to work on. Of several parts, those stay as they are."""


class PluginError(HubError):
    """A plugin that the command needed is missing or broken."""

    exit_code = 3


class PluginMissing(PluginError):
    """Nothing that is installed and enabled provides what was asked for."""


class PluginBroken(PluginError):
    """The plugin is installed, and could not be imported or does not keep the contract."""


class RegistryError(HubError):
    """A registry that could not be fetched or read."""


class SchemaError(RegistryError):
    """A registry that breaks the schema; `details` holds every fault with its JSON path."""

    exit_code = 2


class SourceError(HubError):
    """The bytes of a file could not be had; `details` holds the reason for each source that was tried."""


class NotFound(SourceError):
    """The repository, revision, package or file does not exist."""


class AccessDenied(SourceError):
    """The repository is private or gated, or the credentials lack the right."""


class Offline(SourceError):
    """The network is out of reach, or `hub` was told not to use it."""


class VerificationError(HubError):
    """Bytes whose size or sha256 is not what was promised; they have been removed."""

    exit_code = 4


class PolicyError(HubError):
    """Refused for safety or by licence policy."""

    exit_code = 4


class StorageError(HubError):
    """The disk refused: full, read-only, or held by another process."""


class PlanError(HubError):
    """No path from the model's variants to a backend that is usable here; `details` holds each candidate's reason."""


class DoesNotFit(PlanError):
    """A plan exists, but needs more memory than is free."""


class InferenceError(HubError):
    """The runtime failed while it answered."""


class SessionClosed(InferenceError):
    """The session was used after `close()`."""


class WorkerDied(InferenceError):
    """The process that held the model ended before it answered."""


class Cancelled(InferenceError):
    """The caller stopped the request."""
