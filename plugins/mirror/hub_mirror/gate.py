"""Who may have the files of a gated repository.

Its page and its list of files are for all who may see it. Knows nothing of how somebody asks.
"""

from __future__ import annotations

import sqlite3

from hub_mirror.catalogue.accounts import Caller
from hub_mirror.catalogue.repos import Repo, may_read
from hub_mirror.refusals import Refusal

__all__ = ["check_gate", "may_have_files"]


def check_gate(connection: sqlite3.Connection, repo: Repo, caller: Caller) -> None:
    """Let through who may have the files.

    Raises
    ------
    Refusal
        401 without a token, 403 for who has not asked, waits, or was turned down.
    """
    if not repo.gated or caller.admin or repo.owner == caller.id or repo.owner in caller.orgs:
        return
    if not caller.known:
        raise Refusal(
            401,
            f"Access to {repo.kind} {repo.fullname} is restricted. You must have access to it and be authenticated to "
            "access it. Please log in.",
            code="GatedRepo",
        )
    row = connection.execute(
        "SELECT status FROM access WHERE repo = ? AND account = ?", (repo.id, caller.id)
    ).fetchone()
    status = row[0] if row else ""
    if status == "accepted" and may_read(caller, repo):
        return
    said = {
        "pending": "Your request to access it is awaiting a review from the repo authors.",
        "rejected": "Your request to access it has been rejected by the repo's authors.",
    }.get(status, "You are not in the authorized list: ask for access on its page.")
    raise Refusal(403, f"Access to {repo.kind} {repo.fullname} is restricted. {said}", code="GatedRepo")


def may_have_files(connection: sqlite3.Connection, repo: Repo, caller: Caller) -> bool:
    """Whether `check_gate` would let the caller through."""
    try:
        check_gate(connection, repo, caller)
    except Refusal:
        return False
    return True
