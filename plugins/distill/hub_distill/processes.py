"""Starts several processes that learn together, passes on what they tell, and ends them together.

Each is `python -m hub_distill.process`, so that it works from any program, with or without a main module that can be
imported. A process ends when the one that started it does. Knows nothing of learning.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from hub.errors import HubError, InferenceError
from hub.runtime.protocols import usable_cpus
from hub_distill.learning import Run

__all__ = ["learn_together"]

_PATIENCE = 30  # seconds that others may take to end
_SHOWN = 5  # lines of what a process wrote before it died


def learn_together(run: Run, count: int, tell: Callable[[str], None]) -> None:
    """Do a run in `count` processes of this machine.

    Raises
    ------
    HubError
        As the first process that failed raised it.
    InferenceError
        A process died.
    """
    with tempfile.TemporaryDirectory(prefix="hub-distill-") as folder:
        job = Path(folder) / "run.pickle"
        job.write_bytes(pickle.dumps(run))
        port = _free_port()
        logs = [(Path(folder) / f"{rank}.log").open("w+b") for rank in range(count)]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            processes += (_start(job, rank, count, port, run.device, logs[rank]) for rank in range(count))
            _follow(processes, logs, tell)
        finally:
            for process in processes:
                _end(process)
            for log in logs:
                log.close()


def _start(job: Path, rank: int, count: int, port: int, device: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    place = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": count,
        "LOCAL_WORLD_SIZE": count,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    threads = {} if device == "cuda" else {"OMP_NUM_THREADS": str(max(1, usable_cpus() // count))}
    environment = {**os.environ, **threads, **{name: str(value) for name, value in place.items()}}
    if device == "cpu":
        environment["ACCELERATE_USE_CPU"] = "true"
    return subprocess.Popen(
        [sys.executable, "-m", "hub_distill.process", str(job)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if rank == 0 else log,
        stderr=log,
    )


def _follow(processes: list[subprocess.Popen[bytes]], logs: Sequence[IO[bytes]], tell: Callable[[str], None]) -> None:
    """Pass on what the first process says until it ends; then all must end well."""
    assert processes[0].stdout is not None
    for line in processes[0].stdout:
        _heed(line, tell)
    for rank, process in enumerate(processes):
        if process.wait(_PATIENCE) == 0:
            continue
        lines = _read(logs[rank])
        for line in lines:
            _heed(line, lambda _: None)
        shown = [line.decode("utf-8", "replace").rstrip() for line in lines if line.strip()][-_SHOWN:]
        raise InferenceError(
            f"process {rank} of {len(processes)} ended with {process.returncode} before the student was done",
            details=shown,
        )


def _heed(line: bytes, tell: Callable[[str], None]) -> None:
    """Do what a line of a process asks for; lines of libraries are none."""
    try:
        found = json.loads(line)
    except ValueError:
        return
    if isinstance(found, dict) and isinstance(found.get("tell"), str):
        tell(found["tell"])
    elif isinstance(found, dict) and isinstance(found.get("error"), str):
        error = pickle.loads(base64.b64decode(found["error"]))  # noqa: S301 - from a process of our own
        if isinstance(error, HubError):
            raise error


def _read(log: IO[bytes]) -> list[bytes]:
    log.seek(0)
    return log.readlines()


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
