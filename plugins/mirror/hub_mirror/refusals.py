"""What the server says no with: a status, a message for the person, and the code that clients look at.

Knows nothing of HTTP beyond the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Refusal", "conflict", "forbidden", "invalid", "no_entry", "no_repository", "no_revision"]


class Refusal(Exception):
    """Ends a request with a status.

    Parameters
    ----------
    code
        Value of `X-Error-Code`, by which clients tell a missing repository from a missing file.
    headers
        More headers of the answer.
    body
        More members of the JSON answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.body = dict(body or {})


def no_repository(name: str, *, known: bool) -> Refusal:
    """The repository is not there, or the caller may not know of it: the two look alike.

    Parameters
    ----------
    known
        Whether the caller showed a token. Who did not may have to.
    """
    if known:
        return Refusal(404, f"There is no repository {name}, or your token may not see it", code="RepoNotFound")
    said = f"There is no repository {name}, or it is private: log in to see it"
    return Refusal(401, said, code="RepoNotFound")


def no_revision(revision: str) -> Refusal:
    """The repository has no such branch, tag or commit."""
    return Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def no_entry(path: str, commit: str) -> Refusal:
    """The revision has no such file; clients remember that by the commit."""
    return Refusal(404, f"Entry not found: {path}", code="EntryNotFound", headers={"X-Repo-Commit": commit})


def invalid(message: str) -> Refusal:
    """The request cannot be understood, or asks for what cannot be."""
    return Refusal(400, message)


def forbidden(message: str) -> Refusal:
    """The caller is known and lacks the right."""
    return Refusal(403, message)


def conflict(message: str, **body: object) -> Refusal:
    """What is to be made is there already."""
    return Refusal(409, message, body=body)
