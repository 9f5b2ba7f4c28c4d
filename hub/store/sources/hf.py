"""Source `hf:org/name@revision/path`: a file of the Hugging Face Hub, through `huggingface_hub` and its own cache.

The file stays in that cache, where every other tool finds it, and is only adopted. `HF_ENDPOINT`, `HF_TOKEN`,
`HF_HOME`, `HF_HUB_CACHE` and `HF_HUB_OFFLINE` hold, because the client reads them. In a locator the `/` of a revision
is written `%2F`; the path is written as it is. Knows nothing of hashes: the sink checks what it is given.
"""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from huggingface_hub import HfApi, constants, hf_hub_download

from hub import config
from hub.errors import BadReference, HubError, Offline, SourceError, VerificationError
from hub.sources import Listing, Sink, SourceContext
from hub.store.names import check_path
from hub.store.pins import is_commit
from hub.store.sources.hf_errors import explain
from hub.types import WeightFile

__all__ = ["HfSource"]

_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_REPOSITORY = re.compile(f"{_NAME}/{_NAME}")
_LIBRARY = "openmodelhub"


class _Locator(NamedTuple):
    repository: str
    revision: str
    path: str


class HfSource:
    """Files of model repositories on the Hugging Face Hub, or on any server that answers like it.

    Parameters
    ----------
    name, endpoint
        Of another hub that the person gave a name; its token is in `HUB_TOKEN_<NAME>`.
    """

    def __init__(self, context: SourceContext, *, name: str = "hf", endpoint: str | None = None) -> None:
        self._offline = context.offline
        self._name = name
        self._endpoint = endpoint
        # Another hub has a cache of its own, as its repositories may have the same names, and never gets HF_TOKEN.
        self._cache = None if endpoint is None else Path(constants.HF_HOME) / "hubs" / name
        self._token = None if endpoint is None else config.hub_token(name) or False

    def fetch(self, locator: str, sink: Sink) -> None:
        """Have the file in the cache of `huggingface_hub` and let the sink adopt it there.

        What this call downloaded is removed again when the sink refuses it. What lay in the cache before is left
        alone, as it is not ours, and is refused at every later use.

        Raises
        ------
        BadReference
            The locator is not `org/name@revision/path`.
        NotFound, AccessDenied, Offline, SourceError, StorageError
            With the reason and what to do.
        VerificationError
            The file is not the promised one; says where it lies.
        """
        wanted = _parse(locator)
        bar = _bar(sink.note)
        try:
            with _quiet():
                pointer = hf_hub_download(
                    wanted.repository,
                    wanted.path,
                    revision=wanted.revision,
                    local_files_only=self._offline,
                    endpoint=self._endpoint,
                    cache_dir=self._cache,
                    token=self._token,
                    library_name=_LIBRARY,
                    tqdm_class=bar,  # mimics tqdm, as the client allows
                )
        except HubError:
            raise
        except Exception as error:
            raise explain(error, wanted.repository, wanted.revision, wanted.path, hub=self._endpoint) from error
        self._adopt(sink, Path(pointer), downloaded=bar.made)

    def listing(self, locator: str) -> Listing:
        """Files of `org/name[@revision]` at the commit that the revision is now.

        Sizes are known for all files, hashes for those in large file storage; the others are known to the server by a
        git object id alone, and get their sha256 when they are pulled.

        Raises
        ------
        BadReference, NotFound, AccessDenied, Offline, SourceError
            With the reason and what to do.
        VerificationError
            The server answers with another commit than the one that was named.
        PolicyError
            The server lists a path that would leave the folder.
        """
        repository, revision = _parse_repository(locator)
        if self._offline:
            raise Offline(
                f"'{repository}' cannot be listed: hub is told to stay offline",
                hint="Let it use the network: unset HUB_OFFLINE",
            )
        try:
            with _quiet():
                api = HfApi(library_name=_LIBRARY, endpoint=self._endpoint, token=self._token)
                info = api.model_info(repository, revision=revision, files_metadata=True)
        except Exception as error:
            raise explain(error, repository, revision, hub=self._endpoint) from error
        commit = info.sha or ""
        if not is_commit(commit):
            raise SourceError(f"the server names no commit for '{repository}@{revision}'")
        if is_commit(revision) and commit != revision:
            raise VerificationError(f"for commit {revision} of '{repository}' the server gives another one: {commit}")
        for sibling in info.siblings or ():
            check_path(sibling.rfilename)
        files = tuple(
            WeightFile(
                path=sibling.rfilename,
                size=sibling.lfs.size if sibling.lfs else sibling.size,
                sha256=sibling.lfs.sha256 if sibling.lfs else None,
                sources=(f"{self._name}:{repository}@{commit}/{sibling.rfilename}",),
            )
            for sibling in info.siblings or ()
        )
        return Listing(revision=commit, files=files)

    def close(self) -> None:
        """Nothing is held."""

    def _adopt(self, sink: Sink, pointer: Path, *, downloaded: bool) -> None:
        blob = pointer.resolve()
        try:
            sink.adopt(blob)
        except VerificationError as error:
            if downloaded:
                _remove(pointer)
                message, hint = f"{error.message}; what came has been removed from the Hugging Face cache", error.hint
            else:
                message = f"{error.message}; it was in the Hugging Face cache before"
                hint = f"Remove it and pull again: rm {shlex.quote(str(blob))}"
            raise VerificationError(message, hint=hint, details=error.details) from error


def _parse(locator: str) -> _Locator:
    organisation, _, rest = locator.partition("/")
    name, _, path = rest.partition("/")
    if not path or not _relative(path):
        raise _bad(locator)
    repository, revision = _parse_repository(f"{organisation}/{name}")
    return _Locator(repository, revision, path)


def _parse_repository(locator: str) -> tuple[str, str]:
    repository, separator, revision = locator.partition("@")
    revision = unquote(revision)
    if not _REPOSITORY.fullmatch(repository) or bool(separator) != bool(revision) or not _revision(revision):
        raise _bad(locator)
    return repository, revision or "main"


def _revision(text: str) -> bool:
    return not text or (text.isprintable() and not text.startswith("-") and _relative(text))


def _relative(path: str) -> bool:
    return "\\" not in path and not {"", ".", ".."} & set(path.split("/"))


def _bad(locator: str) -> BadReference:
    return BadReference(
        f"'hf:{locator}' names nothing on the Hugging Face Hub",
        hint="Write it as hf:org/name@revision/path, with %2F for a / in the revision",
    )


def _remove(pointer: Path) -> None:
    """Remove a file of the cache with every link on the way to it."""
    chain = [pointer]
    while chain[-1].is_symlink():
        chain.append(chain[-1].parent / chain[-1].readlink())
    for path in chain:
        path.unlink(missing_ok=True)


class _Bar:
    """What `huggingface_hub` shows progress with; here it only passes the bytes on."""

    made = False
    note: Callable[[int], None]

    def __init__(self, *_: object, initial: int = 0, total: int | None = None, **__: object) -> None:
        type(self).made = True
        self.n = initial
        self.total = total

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, count: float | None = 1) -> None:
        """Bytes are on disk; negative when the server made the client begin again."""
        self.n += int(count or 0)
        type(self).note(int(count or 0))

    def update_transfer(self, count: float) -> None:
        """Bytes on the wire, which are the same ones: counting both would count twice."""

    def set_postfix_str(self, *_: object, **__: object) -> None:
        """Nothing is drawn here."""

    set_transfer_postfix_str = set_postfix_str
    set_description = set_postfix_str

    def refresh(self) -> None:
        """Nothing is drawn here."""

    def close(self) -> None:
        """Nothing is held."""


def _bar(note: Callable[[int], None]) -> type[_Bar]:
    """A class of its own for each file, because the client takes a class and makes the object itself."""
    return type("Bar", (_Bar,), {"note": staticmethod(note)})


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client's warnings off stderr: what matters of them comes back as an error."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
