"""Uploads files to a hub through `huggingface_hub`, and proves that what came to lie there is what was sent.

Runs again where it ended: contents that the hub has are not sent again, and files that are there already make no new
commit. Knows nothing of registries.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from hub import __version__, config
from hub.errors import AccessDenied, HubError, SourceError, UsageError, VerificationError
from hub.registry.schema import File
from hub.store.blobs import hash_file
from hub.store.sources.hf_errors import explain

__all__ = ["Destination", "Uploaded", "destination", "upload"]

T = TypeVar("T")

_ATTEMPTS = 3
_WAIT_SECONDS = 1.0
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_TRANSPORTS = {"httpx", "httpcore", "requests", "urllib3"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A repository on a hub; `endpoint` is empty for that of the client."""

    scheme: str
    repository: str
    endpoint: str = ""

    @property
    def address(self) -> str:
        """Where people see it."""
        return f"{self.endpoint or constants.ENDPOINT}/{self.repository}"

    def api(self) -> HfApi:
        """The client, with the token for this hub."""
        if not self.endpoint:
            return HfApi(library_name="openmodelhub", library_version=__version__)
        return HfApi(
            endpoint=self.endpoint,
            token=config.hub_token(self.scheme) or False,
            library_name="openmodelhub",
            library_version=__version__,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """What lies there now: the commit, each file with its hash, and the pull request where one was opened."""

    commit: str
    files: tuple[File, ...]
    pull_request: str = ""
    changed: bool = True


def destination(text: str) -> Destination:
    """Read `hf:org/name`, or `HUB:org/name` of a hub that has a name here.

    Raises
    ------
    UsageError
        It is none.
    """
    scheme, _, repository = text.partition(":")
    hubs = config.hubs()
    if scheme not in {"hf", *hubs} or not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"'{text}' is no place to publish to", hint="Write: --to hf:org/name")
    return Destination(scheme=scheme, repository=repository, endpoint=hubs.get(scheme, "") if scheme != "hf" else "")


def upload(
    files: Mapping[str, Path],
    to: Destination,
    *,
    message: str,
    private: bool = False,
    pull_request: bool = False,
) -> Uploaded:
    """Put these files into a repository, which is made where it is not there.

    Parameters
    ----------
    files
        Path in the repository to the file.
    pull_request
        Propose them to its owner.

    Raises
    ------
    AccessDenied
        The token is missing, or lacks the right.
    SourceError
        The hub cannot be reached or refuses; what was sent is kept there, and the same command goes on.
    VerificationError
        What the hub lists is not what was sent.
    """
    api = to.api()
    with _explained(to), tempfile.TemporaryDirectory(prefix="hub-publish-") as folder:
        _lay(files, Path(folder))
        _make(api, to, private=private, theirs=pull_request)
        before = api.model_info(to.repository).sha
        info = _patiently(
            lambda: api.upload_folder(
                repo_id=to.repository, folder_path=folder, commit_message=message, create_pr=pull_request
            )
        )
        held = _verify(api, to, info.oid, files)
    return Uploaded(
        commit=info.oid, files=held, pull_request=info.pr_url or "", changed=bool(info.pr_url) or info.oid != before
    )


def _make(api: HfApi, to: Destination, *, private: bool, theirs: bool) -> None:
    """Make the repository; one that is there stays as it is."""
    if api.repo_exists(to.repository):
        return
    if theirs:
        raise UsageError(f"there is no {to.address} to open a pull request in", hint="Without --create-pr it is made.")
    api.create_repo(to.repository, private=private, exist_ok=True)


def _patiently(call: Callable[[], T]) -> T:
    """Again after what passes by itself; the client sends only what is missing."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return call()
        except Exception as error:
            if attempt == _ATTEMPTS or not _passes(error):
                raise
            time.sleep(_WAIT_SECONDS * attempt)
    raise AssertionError


def _passes(error: Exception) -> bool:
    """Whether it is a matter of the line or of a busy server, and not of what was asked."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _TRANSIENT
    return type(error).__module__.partition(".")[0] in _TRANSPORTS or isinstance(error, ConnectionError | TimeoutError)


def _verify(api: HfApi, to: Destination, commit: str, files: Mapping[str, Path]) -> tuple[File, ...]:
    """What the hub lists at the commit, held to what was sent."""
    info = api.model_info(to.repository, revision=commit, files_metadata=True)
    theirs = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    held = []
    for name, path in files.items():
        sha256, size = hash_file(path)
        listed = theirs.get(name)
        if listed is None:
            raise VerificationError(f"{to.address} does not list {name} at {commit}")
        if listed.lfs is not None:
            same = (listed.lfs.sha256, listed.lfs.size) == (sha256, size)
        else:
            same = listed.blob_id == _git_id(path)
        if not same:
            raise VerificationError(f"{to.address} lists other bytes for {name} at {commit} than were sent")
        source = f"{to.scheme}:{to.repository}@{commit}/{name}"
        held.append(File(path=name, size=size, sha256=sha256, sources=(source,)))
    return tuple(held)


def _git_id(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _lay(files: Mapping[str, Path], folder: Path) -> None:
    """The files as the client takes them: a folder, with links instead of copies where the disk has them."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path.resolve(), target)
        except OSError:
            shutil.copyfile(path, target)


@contextmanager
def _explained(to: Destination) -> Iterator[None]:
    """Say what the client raises in our words, with what to do about it."""
    try:
        yield
    except HubError:
        raise
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in {401, 403}:
            raise AccessDenied(
                f"the token may not write to {to.address}: {_server_says(error)}",
                hint="Use one with the role write, of an account that may: hf auth login, or HF_TOKEN",
            ) from error
        said = explain(error, to.repository, "main", hub=to.endpoint or None)
        again = "What was sent is kept there: run the same command again, and it goes on."
        kind = type(said) if isinstance(said, SourceError) else SourceError
        raise kind(said.message, hint=f"{said.hint}\n{again}".strip(), details=said.details) from error


def _server_says(error: Exception) -> str:
    text = getattr(error, "server_message", None) or str(error)
    return " ".join(str(text).split())[:200]
