"""Discussions in the shape in which the Hub's API shows them."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from hub_mirror.catalogue.repos import Repo

__all__ = ["discussion_view", "event_view"]


def discussion_view(repo: Repo, row: sqlite3.Row) -> dict[str, object]:
    """A discussion without what happened in it."""
    return {
        "num": row["num"],
        "title": row["title"],
        "status": row["status"],
        "isPullRequest": bool(row["pull"]),
        "createdAt": row["created"],
        "author": {"name": row["author"], "type": "user"},
        "repo": {"name": repo.fullname, "type": repo.kind},
        "repoOwner": {"name": repo.author},
    }


def event_view(row: sqlite3.Row) -> dict[str, object]:
    """Something that happened: a comment, a commit, another title or status."""
    data: dict[str, Any] = msgspec.json.decode(row["data"])
    author = {"name": row["author"], "type": "user"}
    if row["kind"] == "comment":
        latest = {"raw": data["text"], "html": "", "updatedAt": data.get("edited", row["created"]), "author": author}
        history = [{"raw": each["text"], "updatedAt": each["date"]} for each in data["history"]]
        data = {"edited": bool(history), "hidden": bool(data.get("hidden")), "latest": latest, "history": history}
    return {"id": f"{row['id']:024x}", "type": row["kind"], "createdAt": row["created"], "author": author, "data": data}
