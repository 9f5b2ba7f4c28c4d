"""What a person may write for MODEL, taken apart without looking anything up.

::

    MODEL[:VARIANT]                 smollm2-135m · all-minilm-l6-v2:onnx-int8 · publisher/name
    SCHEME:org/repo[@rev][:VARIANT] hf:org/repo@main:q8_0          a repository that no registry lists
    PATH                            ./folder · ../model.gguf · ~/models/x · /abs/path      never takes a variant

A known scheme takes the first colon. Knows nothing of registries, repositories or what is on disk.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from hub.errors import BadReference

__all__ = ["Reference", "parse_reference"]

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_NAME = re.compile(rf"{_PART}(/{_PART}){{0,2}}")
_REPOSITORY = re.compile(rf"{_PART}/{_PART}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_VARIANT = re.compile(_PART)
_WEB = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([^/\s]+/[^/\s?#]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """`kind` is `name`, `repository` or `path`; `name` is an id or alias, `org/repo`, or the path as written."""

    text: str
    kind: str
    name: str
    scheme: str = ""
    revision: str = ""
    variant: str | None = None


def parse_reference(text: str, *, schemes: Collection[str] = ("hf",)) -> Reference:
    """Take a reference apart.

    Parameters
    ----------
    schemes
        Schemes of sources that have repositories.

    Raises
    ------
    BadReference
        It cannot be a reference; the hint shows what can.
    """
    if not text.strip() or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise BadReference(f"{text!r} is not the name of a model", hint="See: hub search")
    if is_path(text):
        return Reference(text=text, kind="path", name=text)
    if web := _WEB.match(text):
        raise BadReference(f"'{text}' is a web page", hint=f"Write: hf:{web[1]}")
    if text.startswith(("http://", "https://", "file:", "pypi:")):
        raise BadReference(
            f"'{text}' is where a file lies, not a model", hint="Write an id or alias, hf:org/repo, or a path."
        )
    scheme, colon, rest = text.partition(":")
    if colon and scheme in schemes:
        return _repository(text, scheme, rest)
    name, colon, variant = text.partition(":")
    if not _NAME.fullmatch(name) or (colon and not _VARIANT.fullmatch(variant)):
        return _odd(text)
    return Reference(text=text, kind="name", name=name, variant=variant if colon else None)


def is_path(text: str) -> bool:
    """Whether a reference can only be a path: it starts like one."""
    return text in {".", "..", "~"} or bool(re.match(r"\.{0,2}[/\\]|~[/\\]|[A-Za-z]:[/\\]", text))


def _repository(text: str, scheme: str, rest: str) -> Reference:
    place, colon, variant = rest.partition(":")
    name, at, revision = place.partition("@")
    bad_revision = at and (not _REVISION.fullmatch(revision) or ".." in revision)
    if not _REPOSITORY.fullmatch(name) or bad_revision or (colon and not _VARIANT.fullmatch(variant)):
        raise BadReference(f"'{text}' is not a repository", hint=f"Write: {scheme}:org/repo[@revision][:VARIANT]")
    return Reference(
        text=text, kind="repository", name=name, scheme=scheme, revision=revision, variant=variant if colon else None
    )


def _odd(text: str) -> Reference:
    """No name, but it may still be the name of a file or folder here, such as `my model.gguf`."""
    return Reference(text=text, kind="path", name=text)
