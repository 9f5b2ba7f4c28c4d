"""Fills this mirror from another hub: repositories at a revision, whole or in part, and their files, some at once.

What is here is not fetched again, and what was cut goes on. Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hub.errors import HubError, UsageError
from hub_mirror.catalogue.commits import resolve
from hub_mirror.catalogue.repos import Repo
from hub_mirror.refusals import Refusal
from hub_mirror.service import Service
from hub_mirror.upstream.client import RemoteFile, Upstream
from hub_mirror.upstream.fetching import Fetch
from hub_mirror.upstream.taking import take

__all__ = ["Pulled", "pull"]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought."""

    repository: str
    commit: str
    files: int
    fetched: int
    bytes: int


def pull(
    service: Service,
    upstream: Upstream,
    kind: str,
    name: str,
    *,
    revision: str = "main",
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    jobs: int = 4,
    tick: Callable[[str, int], None] = lambda *_: None,
) -> Pulled:
    """Have a repository.

    Parameters
    ----------
    include, exclude
        Glob patterns of paths; without `include`, all are taken.
    jobs
        Files that are fetched at once.
    tick
        Called with path and size of each file that is there.

    Raises
    ------
    HubError
        It cannot be had; what has come stays, and the next call goes on.
    """
    remote = upstream.repo(kind, name, revision)
    wanted = [file for file in remote.files if _wanted(file, tuple(include), tuple(exclude))]
    if remote.files and not wanted:
        raise UsageError(f"no file of {name} is like what was asked for", hint="Look at --include and --exclude")
    try:
        with service.blobs.publishing(), service.database.writing() as connection:
            repo = take(connection, service, kind, remote, revision, url=upstream.url, files=wanted)
    except Refusal as error:
        raise UsageError(error.message) from error
    fetched, size = _fetch_all(service, upstream, repo, remote.commit, wanted, jobs, tick)
    return Pulled(repo.fullname, remote.commit, len(wanted), fetched, size)


def _fetch_all(
    service: Service,
    upstream: Upstream,
    repo: Repo,
    commit: str,
    wanted: list[RemoteFile],
    jobs: int,
    tick: Callable[[str, int], None],
) -> tuple[int, int]:
    with service.database.reading() as connection:
        snapshot = service.snapshots.open(connection, resolve(connection, repo, commit).tree)
        entries = [entry for file in wanted if (entry := snapshot.get(file.path)) is not None]
    fetches = [Fetch(service=service, upstream=upstream, repo=repo, commit=commit, entry=entry) for entry in entries]
    missing = []
    for fetch in fetches:
        if fetch.sha256:
            tick(fetch.entry.path, fetch.entry.size)
        else:
            missing.append(fetch)
    faults: list[HubError] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = {pool.submit(fetch.fetch): fetch for fetch in missing}
        for done in as_completed(running):
            error = done.exception()
            if isinstance(error, HubError):
                faults.append(error)
            elif error is not None:
                raise error
            else:
                tick(running[done].entry.path, running[done].entry.size)
    if faults:
        details = [f"{len(faults)} of {len(wanted)} files failed"] if len(wanted) > 1 else []
        raise type(faults[0])(faults[0].message, hint=faults[0].hint or "Run it again: it goes on", details=details)
    return len(missing), sum(fetch.entry.size for fetch in missing)


def _wanted(file: RemoteFile, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    taken = not include or any(fnmatchcase(file.path, pattern) for pattern in include)
    return taken and not any(fnmatchcase(file.path, pattern) for pattern in exclude)
