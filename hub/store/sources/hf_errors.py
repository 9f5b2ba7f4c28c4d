"""What each failure of `huggingface_hub` means for a person, and what to do about it.

Knows nothing of how the call was made.
"""

from __future__ import annotations

import errno

from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hub.errors import AccessDenied, BadReference, HubError, NotFound, Offline, SourceError, StorageError

__all__ = ["explain"]

_TRANSPORTS = {"httpx", "httpx2", "httpcore", "httpcore2"}  # which of them the client uses depends on its version
_UNREACHED = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}


def explain(
    error: BaseException, repository: str, revision: str, path: str = "", *, hub: str | None = None
) -> HubError:
    """Say an exception of the client in our words; the caller raises it from the exception.

    Parameters
    ----------
    hub
        Address of the hub that was asked; the one of the client by default.
    """
    said = _explain(error, repository, revision, path)
    if hub is None:
        return said
    message, hint = (text.replace(constants.ENDPOINT, hub) for text in (said.message, said.hint))
    if isinstance(said, AccessDenied):
        hint = "Set the token of that hub: HUB_TOKEN_ and its name in capitals"
    return type(said)(message, hint=hint, details=said.details)


def _explain(error: BaseException, repository: str, revision: str, path: str) -> HubError:
    if isinstance(error, LocalEntryNotFoundError):
        cause = error.__cause__
        if cause is None or isinstance(cause, OfflineModeIsEnabled):
            return _offline(repository, revision, path)
        return _explain(cause, repository, revision, path)
    if isinstance(error, OfflineModeIsEnabled):
        return _offline(repository, revision, path)
    if isinstance(error, HfHubHTTPError):
        return _answered(error, repository, revision, path)
    if isinstance(error, EntryNotFoundError):
        return _no_file(repository, revision, path)
    if isinstance(error, HFValidationError):
        return BadReference(f"'hf:{repository}@{revision}' names no repository: {_first_line(error)}")
    if isinstance(error, FileMetadataError):
        return SourceError(
            f"{constants.ENDPOINT} does not answer like a Hugging Face Hub: {_first_line(error)}",
            hint="Check HF_ENDPOINT and the proxy",
        )
    if type(error).__module__.partition(".")[0] in _TRANSPORTS or isinstance(error, ConnectionError | TimeoutError):
        return _broken(error, repository, revision, path)
    if isinstance(error, OSError):
        return _disk_or_cut(error, repository, path)
    return SourceError(f"'{_name(repository, revision, path)}' could not be had: {_first_line(error)}")


def _answered(error: HfHubHTTPError, repository: str, revision: str, path: str) -> HubError:
    status = error.response.status_code
    page = f"{constants.ENDPOINT}/{repository}"
    if isinstance(error, GatedRepoError):
        return AccessDenied(f"'{repository}' is gated: its owner decides who may have it", hint=_gate_hint(page))
    if isinstance(error, DisabledRepoError):
        return AccessDenied(f"'{repository}' has been disabled by the Hub", hint=f"See {page}")
    if isinstance(error, RevisionNotFoundError):
        return NotFound(f"'{repository}' has no revision '{revision}'", hint=f"See its revisions: {page}/commits/main")
    if isinstance(error, RepositoryNotFoundError):
        return _no_repository(status, repository)
    if isinstance(error, EntryNotFoundError):
        return _no_file(repository, revision, path)
    if status in {401, 403}:
        return AccessDenied(
            f"{constants.ENDPOINT} refused '{repository}' ({status}): {_said(error)}", hint=_token_hint()
        )
    if status == 404:
        return NotFound(f"there is no '{_name(repository, revision, path)}' on {constants.ENDPOINT}")
    if status == 429:
        hint = "Try again later" if get_token() else "Try again later, or log in for a higher limit: hf auth login"
        return SourceError(f"{constants.ENDPOINT} says that there were too many requests", hint=hint)
    return SourceError(
        f"{constants.ENDPOINT} failed with status {status}: {_said(error)}",
        hint="Try again later; state of the public Hub: https://status.huggingface.co",
    )


def _no_repository(status: int, repository: str) -> HubError:
    if status != 401:
        seen = "; or it is private and your token may not read it" if get_token() else ""
        return NotFound(f"there is no model '{repository}' on {constants.ENDPOINT}{seen}", hint="Check the name")
    if get_token():
        return AccessDenied(
            f"{constants.ENDPOINT} refused your token for '{repository}'", hint="Get a new one: hf auth login --force"
        )
    return AccessDenied(
        f"'{repository}' does not exist on {constants.ENDPOINT}, or it is private and no token is set",
        hint="Check the name; for a private one: hf auth login, or set HF_TOKEN",
    )


def _no_file(repository: str, revision: str, path: str) -> NotFound:
    return NotFound(
        f"'{repository}' has no file '{path}' at revision '{revision}'",
        hint=f"See its files: {constants.ENDPOINT}/{repository}/tree/{revision}",
    )


def _offline(repository: str, revision: str, path: str) -> Offline:
    told = "HF_HUB_OFFLINE" if constants.HF_HUB_OFFLINE else "HUB_OFFLINE"
    return Offline(
        f"'{_name(repository, revision, path)}' is not in the Hugging Face cache, and the network is switched off",
        hint=f"Let it use the network: unset {told}",
    )


def _broken(error: BaseException, repository: str, revision: str, path: str) -> HubError:
    if type(error).__name__ in _UNREACHED or isinstance(error, ConnectionRefusedError):
        return Offline(
            f"{constants.ENDPOINT} is out of reach: {_first_line(error)}",
            hint="Check the network and HF_ENDPOINT, then try again",
        )
    return SourceError(
        f"the connection to {constants.ENDPOINT} broke off on '{_name(repository, revision, path)}': "
        f"{_first_line(error)}",
        hint="Try again",
    )


def _disk_or_cut(error: OSError, repository: str, path: str) -> HubError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(
            f"the disk of the Hugging Face cache is full: {constants.HF_HUB_CACHE}",
            hint="Make room: hf cache prune; or set HF_HUB_CACHE to another disk",
        )
    if error.errno is not None:
        where = error.filename or constants.HF_HUB_CACHE
        return StorageError(
            f"the Hugging Face cache cannot be written: {where}: {error.strerror}",
            hint="Set HF_HOME or HF_HUB_CACHE to a folder that is yours",
        )
    return SourceError(
        f"'{path or repository}' did not arrive whole: {_first_line(error)}", hint="Try again: the pull starts it anew"
    )


def _gate_hint(page: str) -> str:
    if get_token():
        return f"Ask for access with the account of your token: {page}"
    return f"Ask for access at {page}, then: hf auth login, or set HF_TOKEN"


def _token_hint() -> str:
    return "Your token lacks the right: hf auth login" if get_token() else "Log in: hf auth login, or set HF_TOKEN"


def _said(error: HfHubHTTPError) -> str:
    return error.server_message or _first_line(error)


def _name(repository: str, revision: str, path: str) -> str:
    return f"{repository}@{revision}/{path}" if path else f"{repository}@{revision}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
