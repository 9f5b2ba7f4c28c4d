"""How a server is to run, as its command line says. Values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LOOPBACK", "PORT", "Settings"]

PORT = 4820
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """One server.

    Parameters
    ----------
    models
        References that are loaded ahead and stay: they are never unloaded to make room.
    only
        Serve nothing but `models`.
    pull
        Download models of the registries on first use; otherwise only those on this machine are served.
    keep_alive
        Seconds that a model stays in memory after its last request; 0 unloads at once, below 0 never.
    memory
        Bytes that all models together may be expected to take; `None` leaves it to what is free.
    load
        Load options for every backend that has them, as text, or as texts where one was given several times.
    queue
        Requests that may wait for one model; those beyond it are refused.
    batch, batch_wait
        Requests that are answered as one, where the model takes batches, and seconds to wait for more of them.
    timeout
        Seconds until a request is given up, its waiting included.
    heartbeat
        Seconds without a sign of life after which a worker counts as hung and is ended; 0 waits for ever.
    drain
        Seconds that requests are given to end when the server stops.
    body
        Bytes of a request, at most.
    origins
        Web origins that may call from a browser; `("*",)` for all.
    hosts
        Names that the server may be asked under while nobody needs a key, beside those of the loopback.
    database
        Address of the database of keys and usage, as SQLAlchemy writes it.
    traces
        Address of a collector that takes OpenTelemetry's protocol over HTTP; none is told anything otherwise.
    public
        Listen beyond the loopback though no key is asked for.
    """

    models: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = PORT
    only: bool = False
    pull: bool = False
    keep_alive: float = 300.0
    memory: int | None = None
    backend: str | None = None
    device: str | None = None
    compress: str = ""
    load: Mapping[str, str | list[str]] = field(default_factory=lambda: {"parallel": "4", "prompt_cache": "true"})
    queue: int = 128
    batch: int = 32
    batch_wait: float = 0.002
    timeout: float = 600.0
    heartbeat: float = 120.0
    drain: float = 30.0
    body: int = 64 << 20
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    private_key: Path | None = None
    database: str = ""
    public: bool = False
    log: str = ""
    traces: str = ""
