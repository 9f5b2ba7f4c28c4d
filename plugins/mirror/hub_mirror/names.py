"""Which names of repositories, accounts, branches and files are allowed.

Everything here comes from strangers. A path never leaves its folder, and nothing has two spellings.
"""

from __future__ import annotations

import re
import unicodedata

from hub_mirror.refusals import invalid

__all__ = ["KINDS", "check_account", "check_path", "check_ref", "check_repository", "is_oid", "is_sha256", "key"]

KINDS = ("model", "dataset", "space")

_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_RESERVED = {"api", "datasets", "spaces", "models", "static", "metrics", "healthz", "xet", "lfs", "login", "settings"}
_OID = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REF = re.compile(r"[^\s~^:?*\[\\\x00-\x1f\x7f]+")
_LONGEST_PATH = 1024
_LONGEST_PART = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def key(name: str) -> str:
    """What two spellings of one repository share: ids are case-insensitive."""
    return name.lower()


def is_oid(text: str) -> bool:
    """Whether a text is a full git object id."""
    return bool(_OID.fullmatch(text))


def is_sha256(text: str) -> bool:
    """Whether a text is a sha256 in hexadecimal."""
    return bool(_SHA256.fullmatch(text))


def check_account(name: str) -> str:
    """Name of a user or an organisation, as it is.

    Raises
    ------
    Refusal
        It is not one, or it is a word of our own addresses.
    """
    if not _ACCOUNT.fullmatch(name) or ".." in name or "--" in name or name.lower() in _RESERVED:
        raise invalid(f"'{name}' cannot be the name of an account: letters, digits, '-', '_' and '.', at most 96")
    return name


def check_repository(name: str) -> str:
    """Second half of a repository's id, as it is.

    Raises
    ------
    Refusal
        It is not one.
    """
    odd = not _NAME.fullmatch(name) or ".." in name or "--" in name
    if odd or name.lower().endswith((".git", ".ipynb")):
        raise invalid(f"'{name}' cannot be the name of a repository: letters, digits, '-', '_' and '.', at most 96")
    return name


def check_path(path: str) -> str:
    """Path of a file inside a repository, as it is.

    Raises
    ------
    Refusal
        It would leave the folder, or could not be written on a person's disk.
    """
    parts = path.split("/")
    fault = ""
    if not path or len(path.encode("utf-8", "surrogatepass")) > _LONGEST_PATH:
        fault = "it is empty or too long"
    elif {"", ".", ".."} & set(parts):
        fault = "a part of it is empty, '.' or '..'"
    elif "\\" in path or _CONTROL.search(path):
        fault = "it has a backslash or a control character"
    elif any(part.lower() == ".git" for part in parts):
        fault = "it lies in a .git folder"
    elif any(len(part.encode("utf-8", "surrogatepass")) > _LONGEST_PART for part in parts):
        fault = "a part of it is too long"
    elif any(unicodedata.category(letter) == "Cs" for letter in path):
        fault = "it is no valid Unicode"
    if fault:
        raise invalid(f"{path[:200]!r} cannot be the path of a file: {fault}")
    return path


def check_ref(name: str) -> str:
    """Name of a branch or tag, without `refs/heads/`.

    Raises
    ------
    Refusal
        git would not take it, or it would be mistaken for a commit.
    """
    parts = name.split("/")
    odd = not _REF.fullmatch(name) or len(name) > 200 or ".." in name or "@{" in name or name == "@"
    odd = odd or any(not part or part.startswith((".", "-")) or part.endswith((".", ".lock")) for part in parts)
    if odd or is_oid(name) or name.startswith("refs/"):
        raise invalid(f"{name[:200]!r} cannot be the name of a branch or tag")
    return name
