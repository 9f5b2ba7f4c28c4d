"""Asks another hub: what a repository holds at a revision, and the bytes of its files.

Nothing that it says is believed: paths are checked here, contents by who keeps them. Knows nothing of the catalogue.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import requests

from hub.errors import AccessDenied, NotFound, Offline, SourceError
from hub_mirror.names import check_path, is_oid, is_sha256
from hub_mirror.refusals import Refusal

__all__ = ["RemoteFile", "RemoteRepo", "Upstream"]

_TIMEOUT = (10, 60)
_MOST_FILES = 1_000_000
_MOST_TAGS = 500
_PIECE = 2**20
_LOCAL = threading.local()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the other hub lists it; `sha256` is known of large files alone."""

    path: str
    size: int
    oid: str
    sha256: str


@dataclass(frozen=True, slots=True)
class RemoteRepo:
    """A repository at a commit of the other hub."""

    id: str
    commit: str
    date: str
    private: bool
    gated: str
    sdk: str
    tags: tuple[str, ...]
    task: str
    library: str
    card: Mapping[str, object]
    files: tuple[RemoteFile, ...]


class Upstream:
    """Another hub."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def repo(self, kind: str, name: str, revision: str) -> RemoteRepo:
        """What a repository holds at a revision.

        Raises
        ------
        NotFound, AccessDenied, Offline, SourceError
            With what the other hub says.
        """
        address = f"{self.url}/api/{kind}s/{name}/revision/{quote(revision, safe='')}?blobs=true"
        with self._get(address, f"{kind} {name}@{revision}") as response:
            try:
                return _repo(response.json(), name)
            except (ValueError, KeyError, TypeError, AttributeError, Refusal) as error:
                raise SourceError(f"{self.url} does not answer like a hub about {name}: {error}") from error

    @contextmanager
    def open(
        self, kind: str, name: str, commit: str, path: str, offset: int = 0
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Bytes of a file from an offset on, and the offset from which they really come.

        Raises
        ------
        NotFound, AccessDenied, Offline, SourceError
            With what the other hub says.
        """
        prefix = "" if kind == "model" else f"{kind}s/"
        address = f"{self.url}/{prefix}{name}/resolve/{commit}/{quote(path, safe='/')}"
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._get(address, f"{name}/{path}", {**headers, "Accept-Encoding": "identity"}) as response:
            partial = response.status_code == requests.codes.partial_content
            yield (offset if partial else 0), _pieces(response, f"{name}/{path}")

    @contextmanager
    def _get(self, address: str, what: str, headers: dict[str, str] | None = None) -> Iterator[requests.Response]:
        session: requests.Session | None = getattr(_LOCAL, "session", None)
        if session is None:
            session = _LOCAL.session = requests.Session()
        try:
            response = session.get(address, headers={**self._headers, **(headers or {})}, timeout=_TIMEOUT, stream=True)
        except requests.RequestException as error:
            raise Offline(f"{self.url} cannot be reached: {type(error).__name__}", hint="Try again later") from error
        with response:
            _check(response, self.url, what)
            yield response


def _check(response: requests.Response, url: str, what: str) -> None:
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if status < 300:
        return
    said = response.headers.get("X-Error-Message", "")[:300]
    if code == "GatedRepo" or status == requests.codes.forbidden:
        raise AccessDenied(f"{url} refuses {what}: {said or 'it is gated'}", hint="Name a token that may have it")
    if code == "RepoNotFound" or (status == requests.codes.unauthorized and not code):
        raise NotFound(
            f"{url} has no {what}, or it is private there", hint="Check the name; name a token that may see it"
        )
    if status in {404, 410}:
        raise NotFound(f"{url} has no {what}: {said or code or status}")
    raise SourceError(f"{url} answers {status} for {what}: {said}", hint="Try again later")


def _pieces(response: requests.Response, what: str) -> Iterator[bytes]:
    try:
        yield from response.iter_content(_PIECE)
    except requests.RequestException as error:
        raise SourceError(
            f"the connection broke off on {what}", hint="Run it again: it goes on where it was"
        ) from error


def _repo(value: dict[str, object], name: str) -> RemoteRepo:
    commit = str(value["sha"])
    if not is_oid(commit):
        raise ValueError("it names no commit")
    siblings = value.get("siblings") or []
    if not isinstance(siblings, list) or len(siblings) > _MOST_FILES:
        raise ValueError("its list of files is none")
    files = tuple(_file(sibling) for sibling in siblings)
    if len({file.path for file in files}) != len(files):
        raise ValueError("it lists a file twice")
    gated, tags, card = value.get("gated"), value.get("tags"), value.get("cardData")
    return RemoteRepo(
        id=str(value.get("id") or name),
        commit=commit,
        date=str(value.get("lastModified") or ""),
        private=bool(value.get("private")),
        gated=gated if gated in {"auto", "manual"} else "",
        sdk=str(value.get("sdk") or ""),
        tags=tuple(str(tag)[:200] for tag in tags[:_MOST_TAGS]) if isinstance(tags, list) else (),
        task=str(value.get("pipeline_tag") or "")[:200],
        library=str(value.get("library_name") or "")[:200],
        card=card if isinstance(card, dict) else {},
        files=files,
    )


def _file(sibling: dict[str, object]) -> RemoteFile:
    path, oid, lfs = check_path(str(sibling["rfilename"])), str(sibling.get("blobId") or ""), sibling.get("lfs")
    sha256 = str(lfs.get("sha256") or lfs.get("oid") or "") if isinstance(lfs, dict) else ""
    size = lfs.get("size") if isinstance(lfs, dict) else sibling.get("size")
    if not isinstance(size, int) or size < 0 or not is_oid(oid) or (lfs and not is_sha256(sha256)):
        raise ValueError(f"it does not say how large '{path}' is and what its hash is")
    return RemoteFile(path, size, oid, sha256)
