"""Has repositories of the upstream hub that a request names and this hub does not know, or not lately.

A branch is asked for again after some seconds; a commit never. Where the upstream cannot be reached, what is here is
given. Knows nothing of contents.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from hub.errors import AccessDenied, HubError, NotFound
from hub_mirror.catalogue.commits import find_commit, resolve_ref
from hub_mirror.catalogue.repos import Repo, find_repo
from hub_mirror.names import key
from hub_mirror.refusals import Refusal
from hub_mirror.upstream.client import Upstream
from hub_mirror.upstream.taking import take

if TYPE_CHECKING:
    from hub_mirror.call import Call
    from hub_mirror.service import Service

__all__ = ["ensure_repo", "upstream_of"]

_MISSING: dict[tuple[str, str, str], float] = {}
_MOST_MISSING = 10_000


def upstream_of(service: Service, repo: Repo) -> Upstream | None:
    """Hub that gives what a repository lacks, if there is one."""
    url = service.settings.proxy
    return Upstream(url, service.settings.proxy_token) if url and repo.upstream else None


async def ensure_repo(call: Call) -> None:
    """Have the repository and revision that a call names, if an upstream may have them.

    Raises
    ------
    Refusal
        502 where nothing is known of it and the upstream fails.
    """
    if call.service.settings.proxy:
        await run_in_threadpool(_ensure, call)


def _ensure(call: Call) -> None:
    service, kind, name, revision = call.service, call.values["kind"], call.repository, call.revision
    known = _known(service, kind, name, revision)
    missing = (kind, name.lower(), revision)
    if known == "fresh" or time.monotonic() - _MISSING.get(missing, -1e9) < service.settings.fresh:
        return
    mark = hashlib.sha256("\0".join(missing).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    with (service.places.run / f"repo-{mark}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _known(service, kind, name, revision) == "fresh":
            return
        try:
            remote = Upstream(service.settings.proxy, service.settings.proxy_token).repo(kind, name, revision)
            with service.blobs.publishing(), service.database.writing() as connection:
                repo = take(connection, service, kind, remote, revision, url=service.settings.proxy)
                if key(repo.fullname) != key(name):  # it moved there, or was asked for by its short name
                    row = (kind, key(name), repo.id)
                    connection.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)", row)
        except NotFound:
            if len(_MISSING) > _MOST_MISSING:
                _MISSING.clear()
            _MISSING[missing] = time.monotonic()
        except AccessDenied as error:
            if not known:
                raise Refusal(403, error.message, code="GatedRepo") from error
        except HubError as error:
            if not known:
                raise Refusal(502, error.message) from error


def _known(service: Service, kind: str, name: str, revision: str) -> str:
    """`fresh`, `old`, or nothing."""
    with service.database.reading() as connection:
        repo = find_repo(connection, kind, name)
        if repo is None:
            return ""
        if not repo.upstream or find_commit(connection, repo, revision):
            return "fresh"
        if not resolve_ref(connection, repo, revision):
            return ""
        return "fresh" if time.time() - repo.checked < service.settings.fresh else "old"
