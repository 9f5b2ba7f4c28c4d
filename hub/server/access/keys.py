"""Keys: how they are made, what is kept of them, and what they allow. Knows nothing of databases or HTTP.

A key is 32 random bytes, so its sha256 is enough to keep: there is nothing to guess, and looking for the digest tells
nobody by its time how much of a key was right.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TypedDict

from hub.errors import UsageError

__all__ = ["LONGEST", "Key", "Rights", "digest_of", "make_key"]

LONGEST = 128
"""Characters of a name."""
_PREFIX = "hub-"


class Rights(TypedDict):
    """What a key allows.

    Parameters
    ----------
    models, tasks
        Patterns, such as `acme/*`; one that fits is enough.
    admin
        Whether it may see and stop models, see logs and all usage.
    rate
        Requests a minute; 0 where nothing limits them.
    tokens
        Tokens a day, of prompts and answers together; 0 where nothing limits them.
    priority
        Whose calls come first, the higher one; 0 is usual.
    """

    models: list[str]
    tasks: list[str]
    admin: bool
    rate: int
    tokens: int
    priority: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What is kept of a key. `made` and `revoked` are ISO 8601 in UTC; a key that holds has no `revoked`."""

    id: str
    name: str
    digest: str
    rights: Rights
    made: str
    revoked: str = ""

    def allows(self, names: Sequence[str], task: str) -> bool:
        """Whether a model, which has these names, may be used for a task."""
        models, tasks = self.rights["models"], self.rights["tasks"]
        lowered = [name.lower() for name in names]
        return any(fnmatchcase(name, pattern.lower()) for name in lowered for pattern in models) and any(
            fnmatchcase(task, pattern) for pattern in tasks
        )

    def told(self) -> dict[str, object]:
        """What may be shown of it: nothing that would let one in."""
        return {"id": self.id, "name": self.name, "made": self.made, "revoked": self.revoked or None, **self.rights}


def make_key(
    name: str,
    *,
    models: Sequence[str] = (),
    tasks: Sequence[str] = (),
    admin: bool = False,
    rate: int = 0,
    tokens: int = 0,
    priority: int = 0,
) -> tuple[str, Key]:
    """A new key: its text, which is shown once, and what is kept of it.

    Raises
    ------
    UsageError
        Its name cannot be shown, or is too long to be kept.
    """
    if not name.strip() or not name.isprintable() or len(name) > LONGEST:
        raise UsageError(f"the name of a key has 1 to {LONGEST} characters that can be shown")
    text = _PREFIX + secrets.token_urlsafe(32)
    rights = Rights(
        models=list(models) or ["*"],
        tasks=list(tasks) or ["*"],
        admin=admin,
        rate=rate,
        tokens=tokens,
        priority=priority,
    )
    made = datetime.now(UTC).isoformat(timespec="microseconds")
    return text, Key(id=secrets.token_hex(4), name=name, digest=digest_of(text), rights=rights, made=made)


def digest_of(text: str) -> str:
    """What a key is found by: hexadecimal sha256."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
