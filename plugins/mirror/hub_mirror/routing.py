"""Finds the endpoint for a method and a path.

Works on the path as it was sent: a `%2F` inside a segment belongs to the segment, so `refs%2Fpr%2F1` is one revision
and a name may hold `#`, `%` or a space. Knows nothing of what endpoints do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import Response

if TYPE_CHECKING:
    from hub_mirror.call import Call

__all__ = ["Endpoint", "Found", "Router", "collected", "route"]

Endpoint = Callable[["Call"], Awaitable[Response]]

_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
_PREFIXED = ("datasets", "spaces")


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint, the name of its route, and what the path gave it."""

    endpoint: Endpoint
    name: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    methods: tuple[str, ...]
    parts: tuple[str, ...]
    endpoint: Endpoint
    name: str


class Router:
    """All routes; the first that fits answers."""

    def __init__(self) -> None:
        self._routes: dict[int, list[_Route]] = {}
        self._open: list[_Route] = []

    def add(self, pattern: str, methods: tuple[str, ...], endpoint: Endpoint) -> None:
        """Add a route.

        Parameters
        ----------
        pattern
            Like `/api/{kinds}/{owner}/{name}/tree/{revision}/{path*}`: `{x}` is one segment, `{x*}` all that follow.
            `{kinds}` is `models`, `datasets` or `spaces`; a pattern that begins with `{R}` stands for the three
            ways in which pages of repositories are addressed.
        """
        if pattern.startswith("/{R}"):
            rest = pattern.removeprefix("/{R}")
            for prefix in _PREFIXED:
                self.add(f"/{prefix}/{{owner}}/{{name}}{rest}", methods, endpoint)
            self.add(f"/{{owner}}/{{name}}{rest}", methods, endpoint)
            return
        parts = tuple(pattern.strip("/").split("/")) if pattern != "/" else ()
        one = _Route(methods, parts, endpoint, pattern)
        if parts and parts[-1].endswith("*}"):
            self._open.append(one)
        else:
            self._routes.setdefault(len(parts), []).append(one)

    def find(self, method: str, raw: str) -> Found | tuple[str, ...] | None:
        """Endpoint for a request; the methods that the path has where this is none of them; else nothing."""
        segments = [unquote(part, errors="surrogateescape") for part in raw.split("/")[1:]]
        if segments and not segments[-1]:
            segments.pop()
        allowed: list[str] = []
        for one in [*self._routes.get(len(segments), ()), *self._open]:
            values = _fit(one.parts, segments)
            if values is None:
                continue
            if method in one.methods:
                return Found(one.endpoint, one.name, values)
            allowed += one.methods
        return tuple(dict.fromkeys(allowed)) if allowed else None


_collected: list[tuple[str, tuple[str, ...], Endpoint]] = []


def route(pattern: str, *methods: str) -> Callable[[Endpoint], Endpoint]:
    """Note an endpoint for a pattern; `build` of the application takes all that were noted."""

    def keep(endpoint: Endpoint) -> Endpoint:
        _collected.append((pattern, methods or ("GET", "HEAD"), endpoint))
        return endpoint

    return keep


def collected() -> Router:
    """A router with all endpoints that `route` noted."""
    router = Router()
    for pattern, methods, endpoint in _collected:
        router.add(pattern, methods, endpoint)
    return router


def _fit(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {"kind": "model"}
    segments = _whole_refs(parts, segments)
    for index, part in enumerate(parts):
        if part.endswith("*}"):
            values[part[1:-2]] = "/".join(segments[index:])
            return values
        if index >= len(segments):
            return None
        segment = segments[index]
        if part == "{kinds}":
            if segment not in _KINDS:
                return None
            values["kind"] = _KINDS[segment]
        elif part.startswith("{"):
            if not segment:
                return None
            values[part[1:-1]] = segment
        elif part != segment:
            return None
        elif index == 0 and part in _PREFIXED:
            values["kind"] = _KINDS[part]
    return values if len(parts) == len(segments) else None


def _whole_refs(parts: tuple[str, ...], segments: list[str]) -> list[str]:
    """Segments with a `refs/pr/1` that came as three of them put together, as links in a browser write it."""
    if "{revision}" in parts and parts[-1].endswith("*}"):
        place = parts.index("{revision}")
        if len(segments) > place + 2 and segments[place] == "refs":
            return [*segments[:place], "/".join(segments[place : place + 3]), *segments[place + 3 :]]
    return segments
