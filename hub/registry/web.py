"""Gets small files of registries from https addresses: conditional, limited in size, with plain reasons.

Plain http is for this machine alone, wherever a redirect leads. Knows nothing of what the files hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from hub.errors import RegistryError, UsageError

if TYPE_CHECKING:
    import requests

__all__ = ["Answer", "check_address", "get"]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answers: `content` is `None` where it is what the ETag says that we have."""

    content: bytes | None
    etag: str = ""


def get(address: str, *, largest: int, etag: str = "", head: bool = False) -> Answer:
    """Get what is at an address.

    Parameters
    ----------
    largest
        Most bytes that are taken.
    etag
        Of what we have; the server may answer that it is the same.
    head
        Do not read the content where it differs: it is then empty.

    Raises
    ------
    RegistryError
        It cannot be had.
    UsageError
        The address, or one that it redirects to, is not https.
    """
    import requests

    check_address(address)
    headers = {"If-None-Match": etag} if etag else {}
    try:
        with requests.get(address, headers=headers, timeout=(5, 15), stream=True) as answer:
            check_address(answer.url)
            if answer.status_code == requests.codes.not_modified and etag:
                return Answer(content=None, etag=etag)
            if answer.status_code != requests.codes.ok:
                raise RegistryError(f"registry {address} cannot be had: the server answers {answer.status_code}")
            content = b"" if head else _read(answer, address, largest)
            return Answer(content=content, etag=answer.headers.get("ETag", ""))
    except requests.RequestException as error:
        raise RegistryError(f"registry {address} cannot be had: {_reason(error)}") from error


def check_address(address: str) -> None:
    """What a registry says decides which weights are trusted, so the line has to be a safe one.

    Raises
    ------
    UsageError
        The address is neither https nor on this machine.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise UsageError(
        f"registry {address} is not at an https address",
        hint="What a registry says decides which weights are trusted: serve it over https, or name a file.",
    )


def _read(answer: requests.Response, address: str, largest: int) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(2**16):
        content += chunk
        if len(content) > largest:
            limit = f"{largest // 2**20} MiB" if largest >= 2**20 else f"{largest} bytes"
            raise RegistryError(f"registry {address} is larger than {limit}")
    return bytes(content)


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "the server redirects without end"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached, or closed the connection"
    return str(error)
