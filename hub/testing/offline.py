"""Keeps a test from the network, and fails it if it tried: what reaches this machine alone goes through.

Seen is what goes through Python's sockets; a runtime's own are told by the settings that say to stay offline. Knows
nothing of who wants out.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any

import pytest

__all__ = ["Offline"]

_HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}  # noqa: S104 - an address that is asked for, not bound
_SETTINGS = {"HUB_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PIP_NO_INDEX": "1"}


class Offline:
    """Mixed into a contract: its tests have no network."""

    @pytest.fixture(autouse=True)
    def no_network(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Fail the test that asks for another machine, whatever becomes of the attempt."""
        tried: list[str] = []
        connect, resolve = socket.socket.connect, socket.getaddrinfo

        def refuse(host: object) -> None:
            if not (isinstance(host, str) and host.startswith("127.")) and host not in _HERE:
                tried.append(str(host))
                raise OSError(errno.ENETUNREACH, "a check has no network")

        def connecting(self: socket.socket, address: Any) -> None:  # Any: as the socket module has it
            if isinstance(address, tuple):
                refuse(address[0])
            connect(self, address)

        def resolving(host: Any, *rest: Any, **more: Any) -> Any:  # Any: as above
            refuse(host.decode() if isinstance(host, bytes) else host)
            return resolve(host, *rest, **more)

        for name, value in _SETTINGS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(socket.socket, "connect", connecting)
        monkeypatch.setattr(socket, "getaddrinfo", resolving)
        yield
        assert not tried, f"it asked the network for {', '.join(sorted(set(tried)))}"
