"""Reads the lines of a commit as they come: its header, then what it adds and deletes.

Contents go to the disk line by line, so a commit of any number of files takes the memory of its largest line. Knows
nothing of repositories.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from hub_mirror.blobs import Blobs, Incoming, git_oid, pointer
from hub_mirror.names import check_path, is_sha256
from hub_mirror.refusals import Refusal, invalid
from hub_mirror.snapshots import Entry

__all__ = ["Operations", "read_operations"]

_LARGEST_LINE = 64 * 2**20
_MOST = 50_000
_TITLE = 500
_MESSAGE = 65_536


@dataclass
class Operations:
    """What a commit does.

    Parameters
    ----------
    parent
        Commit that it must stand on; empty where any will do.
    contents
        Sha256 and size of files that came inside the commit and are on the disk under names of their own.
    large
        Sha256 of files that were uploaded before, with the size that the commit names (`None` where it names none).
    """

    title: str = ""
    message: str = ""
    parent: str = ""
    files: dict[str, Entry | None] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    contents: dict[str, int] = field(default_factory=dict)
    large: dict[str, int | None] = field(default_factory=dict)
    incoming: list[Incoming] = field(default_factory=list)

    def entries(self, sizes: dict[str, int], seq: int) -> dict[str, Entry | None]:
        """Files that are added (numbered) or deleted; sizes are those of what was uploaded before."""
        found: dict[str, Entry | None] = {}
        for path, entry in self.files.items():
            if entry is None:
                found[path] = None
                continue
            size = sizes.get(entry.sha256, entry.size)
            oid = git_oid(pointer(entry.sha256, size)) if entry.lfs else entry.oid
            found[path] = Entry(path, size, entry.sha256, oid, entry.lfs, seq)
        return found


async def read_operations(chunks: AsyncIterator[bytes], blobs: Blobs, stack: ExitStack) -> Operations:
    """Read a commit.

    Parameters
    ----------
    stack
        Owns the contents that came inside it until they are kept.

    Raises
    ------
    Refusal
        400 or 413, naming what is wrong.
    """
    found = Operations()
    async for line in _lines(chunks):
        try:
            value = msgspec.json.decode(line)
            key, body = value["key"], value["value"]
        except (msgspec.MsgspecError, RecursionError, KeyError, TypeError) as error:
            raise invalid("A line of the commit is no JSON object with 'key' and 'value'") from error
        if not isinstance(body, dict):
            raise invalid("The 'value' of a line of the commit is no object")
        if len(found.files) + len(found.folders) >= _MOST:
            raise invalid(f"At most {_MOST} changes in one commit")
        await _take(found, key, body, blobs, stack)
    if not found.title:
        raise invalid("The commit has no header with a summary")
    return found


async def _take(found: Operations, key: object, body: dict[str, Any], blobs: Blobs, stack: ExitStack) -> None:
    if key == "header":
        found.title = (_text(body, "summary").strip() or "Update")[:_TITLE]
        found.message = (
            (body.get("description") or "")[:_MESSAGE] if isinstance(body.get("description") or "", str) else ""
        )
        found.parent = body["parentCommit"] if isinstance(body.get("parentCommit"), str) else ""
    elif key == "file":
        path = check_path(_text(body, "path"))
        content = _content(body)
        sha256 = hashlib.sha256(content).hexdigest()
        found.files[path] = Entry(path, len(content), sha256, git_oid(content), False, 0)
        if sha256 not in found.contents:
            found.contents[sha256] = len(content)
            found.incoming.append(await run_in_threadpool(_write, content, blobs, stack))
    elif key == "lfsFile":
        path, sha256, size = check_path(_text(body, "path")), _text(body, "oid").lower(), body.get("size")
        if not is_sha256(sha256) or body.get("algo", "sha256") != "sha256":
            raise invalid(f"'{path}' has no sha256 as its 'oid'")
        found.files[path] = Entry(path, 0, sha256, "", True, 0)
        found.large[sha256] = size if isinstance(size, int) else None
    elif key == "deletedFile":
        found.files[check_path(_text(body, "path"))] = None
    elif key in {"deletedFolder", "deletedEntry"}:
        path = _text(body, "path", empty=True).strip("/")
        found.folders.append(check_path(path) if path not in {"", "."} else "")
    else:
        raise invalid(f"This hub does not know the operation {str(key)[:50]!r}")


def _write(content: bytes, blobs: Blobs, stack: ExitStack) -> Incoming:
    incoming = stack.enter_context(blobs.incoming())
    incoming.write(content)
    incoming.rest()
    return incoming


def _content(body: dict[str, Any]) -> bytes:
    content = _text(body, "content", empty=True)
    if body.get("encoding", "base64") == "utf-8":
        return content.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("The content of a file is no base64") from error


def _text(body: dict[str, Any], name: str, *, empty: bool = False) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise invalid(f"A line of the commit has no '{name}'")
    return value


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    waiting = bytearray()
    async for chunk in chunks:
        start = len(waiting)
        waiting += chunk
        while (end := waiting.find(b"\n", start)) >= 0:
            if waiting[:end].strip():
                yield bytes(waiting[:end])
            del waiting[: end + 1]
            start = 0
        if len(waiting) > _LARGEST_LINE:
            raise Refusal(413, f"A file in the commit is larger than {_LARGEST_LINE} bytes: upload it as a large file")
    if waiting.strip():
        yield bytes(waiting)
