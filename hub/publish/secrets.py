"""Finds what looks like a secret in files that are about to be published: tokens, keys, and files that hold them.

Patterns are those that services publish for their own tokens, so a hit is nearly surely one. Knows nothing of models.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

__all__ = ["secret_in"]

_NAMES = re.compile(
    r"(\.env(\..*)?|\.netrc|\.pypirc|\.npmrc|id_(rsa|ed25519|ecdsa|dsa)|.*\.(pem|key|p12|pfx|jks|kdbx))"
)
_SECRETS = (
    ("a Hugging Face token", rb"\bhf_[A-Za-z0-9]{30,}"),
    ("a GitHub token", rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})"),
    ("a GitLab token", rb"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a PyPI token", rb"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("an AWS key", rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a Google key", rb"\bAIza[A-Za-z0-9_-]{35}"),
    ("a Slack token", rb"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("an API key", rb"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}"),
    ("a private key", rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("credentials in an address", rb"\bhttps?://[^\s/:@\"'<>]+:[^\s/:@\"'<>]{6,}@[a-z0-9]"),
)
_PATTERN = re.compile(b"|".join(b"(?P<s%d>%s)" % (number, rule) for number, (_, rule) in enumerate(_SECRETS)))
_LARGEST_TEXT = 64 * 2**20
_HEAD = 4 * 2**20
_TEXTS = (".json", ".txt", ".md", ".jinja", ".yaml", ".yml", ".model", ".vocab", ".tiktoken", ".csv", ".toml", ".cfg")


def secret_in(path: Path, name: str) -> str:
    """What looks like a secret in a file, and on which line; empty where nothing does. Of weights, the head is read."""
    if _NAMES.fullmatch(PurePosixPath(name).name.lower()):
        return "is a file of the kind that holds secrets"
    text = name.lower().endswith(_TEXTS) or "." not in PurePosixPath(name).name
    with path.open("rb") as stream:
        content = stream.read(_LARGEST_TEXT if text else _HEAD)
    found = _PATTERN.search(content)
    if found is None:
        return ""
    kind = _SECRETS[int(str(found.lastgroup)[1:])][0]
    line = content.count(b"\n", 0, found.start()) + 1
    where = f" on line {line}" if text else ""
    return f"holds what looks like {kind}{where}"
