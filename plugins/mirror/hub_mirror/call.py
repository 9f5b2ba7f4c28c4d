"""One request, as endpoints see it: who asks, for what, and the ways to read and write the catalogue.

Everything that waits for the disk runs in a thread. Knows nothing of single endpoints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hub_mirror.catalogue.accounts import Caller
from hub_mirror.catalogue.repos import Repo, get_repo
from hub_mirror.refusals import Refusal, invalid
from hub_mirror.service import Service

__all__ = ["Call", "answer", "quoted"]

T = TypeVar("T")
_JSON_LARGEST = 16 * 2**20


class Call:
    """A request on its way through an endpoint.

    Parameters
    ----------
    values
        What the path gave: `kind`, `owner`, `name`, `revision`, `path`, ….
    """

    def __init__(self, service: Service, request: Request, caller: Caller, values: Mapping[str, str]) -> None:
        self.service = service
        self.request = request
        self.caller = caller
        self.values = values

    @property
    def base(self) -> str:
        """Address of this hub, as the caller knows it, without a slash at its end."""
        if self.service.settings.url:
            return self.service.settings.url.rstrip("/")
        return f"{self.request.url.scheme}://{self.request.headers.get('host', 'localhost')}"

    @property
    def repository(self) -> str:
        """Id of the repository that the path names; of one word alone, as the first models had."""
        return f"{self.values['owner']}/{self.values['name']}" if "owner" in self.values else self.values["name"]

    @property
    def revision(self) -> str:
        """Revision that the path names; `main` where it names none."""
        return self.values.get("revision") or "main"

    def query(self, name: str) -> str:
        """First value of a query parameter, empty where there is none."""
        return self.request.query_params.get(name) or ""

    def queries(self, name: str) -> list[str]:
        """All values of a query parameter, written as `x` or `x[]`, repeated."""
        params = self.request.query_params
        return [value for value in (*params.getlist(name), *params.getlist(f"{name}[]")) if value]

    def flag(self, name: str) -> bool:
        """Whether a query parameter is set to something like yes."""
        return self.query(name).lower() in {"1", "true", "yes"}

    def repo(self, connection: sqlite3.Connection) -> Repo:
        """Repository that the path names.

        Raises
        ------
        Refusal
            It is not there, or the caller may not see it.
        """
        return get_repo(connection, self.values["kind"], self.repository, self.caller)

    def page_of(self, repo: Repo) -> str:
        """Address of a repository's page."""
        return f"{self.base}/{repo.prefix}{repo.fullname}"

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do what reads the catalogue, in a thread, on one state of it."""

        def run() -> T:
            with self.service.database.reading() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do what writes the catalogue, in a thread, as the only writer."""

        def run() -> T:
            with self.service.database.writing() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def body(self, limit: int = _JSON_LARGEST) -> bytes:
        """The whole body.

        Raises
        ------
        Refusal
            413 where it is larger than the limit.
        """
        content = bytearray()
        async for chunk in self.request.stream():
            content += chunk
            if len(content) > limit:
                raise Refusal(413, f"This request is larger than {limit} bytes")
        return bytes(content)

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Its members are whatever a stranger sent: look at their types.

        Raises
        ------
        Refusal
            400 where it is none.
        """
        content = await self.body()
        try:
            value = msgspec.json.decode(content) if content else {}
        except (msgspec.MsgspecError, RecursionError) as error:
            raise invalid(f"The body is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise invalid("The body is no JSON object")
        return value


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), "application/json")


def quoted(path: str) -> str:
    """A path as part of an address."""
    return quote(path, safe="/")
