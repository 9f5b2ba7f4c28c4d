"""How fast a pull is beside `curl -o`: one file from a loopback server to the same disk, verification included.

The server is a process of its own and sends with `sendfile`, so that it is not the limit. Each round runs every way
once, in turn, so that a busy machine slows all of them alike; medians are compared. What each way leaves behind:

    curl              bytes in the page cache, nothing checked
    curl, sync        bytes on the disk, nothing checked
    curl, sha256sum   bytes in the page cache, hashed afterwards
    hub               bytes on the disk (fsync), size and sha256 checked, under a lock, resumable
    hub pull          the same by the command, start of Python included

`python benchmarks/pull.py [--rounds N] [--megabytes N] [--folder DIR] [--least RATIO]`; fails if `hub` is slower than
RATIO times `curl`. A machine whose cores are busy with other things shows less: hashing needs a core beside the one
that receives.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from hub.store.sources.https import HttpSource
from hub.store.store import Store
from hub.types import WeightFile


def serve(path: Path) -> None:
    """Serve one file to anybody on loopback; prints the port."""
    size = path.stat().st_size
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0], path, size), daemon=True).start()


def answer(connection: socket.socket, path: Path, size: int) -> None:
    with connection, path.open("rb") as stream:
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(1 << 16)
            if not received:
                return
            head += received
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode())
        sent = 0
        while sent < size:
            sent += os.sendfile(connection.fileno(), stream.fileno(), sent, min(1 << 24, size - sent))


class Ways:
    """The ways to fetch the file, each into an empty place."""

    def __init__(self, folder: Path, url: str, size: int, sha256: str) -> None:
        self._file = folder / "curl.bin"
        self._home = folder / "home"
        self._url = url
        self._weight = WeightFile(path="model.bin", size=size, sha256=sha256, sources=(url,))
        entry = {
            "id": "bench/model",
            "task": "text-generation",
            "license": "MIT",
            "summary": "",
            "variants": [
                {
                    "name": "one",
                    "format": "gguf",
                    "files": [{"path": "model.bin", "size": size, "sha256": sha256, "sources": [url]}],
                }
            ],
        }
        registry = folder / "registry.json"
        registry.write_text(json.dumps({"schema": 1, "name": "bench", "models": [entry], "plugins": []}))
        self._environment = {**os.environ, "HUB_REGISTRIES": str(registry), "HUB_HOME": str(self._home)}

    def all(self) -> dict[str, Callable[[], None]]:
        """Each way by its name."""
        return {
            "curl": self.curl,
            "curl, sync": self.curl_and_sync,
            "curl, sha256sum": self.curl_and_hash,
            "hub": self.hub,
            "hub pull": self.command,
        }

    def clear(self) -> None:
        """Remove what the last one left."""
        self._file.unlink(missing_ok=True)
        shutil.rmtree(self._home, ignore_errors=True)

    def curl(self) -> None:
        """Download, and check nothing."""
        subprocess.run(["curl", "--silent", "--fail", "--noproxy", "*", "-o", self._file, self._url], check=True)

    def curl_and_sync(self) -> None:
        """Download, and bring it to the disk."""
        self.curl()
        subprocess.run(["sync", self._file], check=True)

    def curl_and_hash(self) -> None:
        """Download, then hash."""
        self.curl()
        subprocess.run(["sha256sum", self._file], check=True, stdout=subprocess.DEVNULL)

    def hub(self) -> None:
        """Pull in this process."""
        Store(self._home / "store").pull([self._weight], label="bench", sources={"http": HttpSource}.__getitem__)

    def command(self) -> None:
        """Pull by the command."""
        command = [sys.executable, "-m", "hub", "pull", "bench/model:one"]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)


def measure(ways: Ways, rounds: int) -> dict[str, float]:
    """Median seconds of each way."""
    times: dict[str, list[float]] = {name: [] for name in ways.all()}
    for turn in range(rounds + 1):
        for name, fetch in ways.all().items():
            ways.clear()
            os.sync()
            began = time.perf_counter()
            fetch()
            if turn:  # the first round fills the file cache
                times[name].append(time.perf_counter() - began)
    ways.clear()
    return {name: statistics.median(each) for name, each in times.items()}


def make(path: Path, megabytes: int) -> str:
    """Write random bytes; gives their sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for _ in range(megabytes):
            block = os.urandom(1_000_000)
            digest.update(block)
            stream.write(block)
    return digest.hexdigest()


def main() -> int:
    """Measure, print, and fail if the store is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; a temporary folder by default")
    parser.add_argument("--least", type=float, default=0.9, help="lowest ratio that passes")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
    if shutil.which("curl") is None:
        print("curl is not installed: nothing to compare with")
        return 1
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        sha256 = make(folder / "served.bin", given.megabytes)
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", folder / "served.bin"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/model.bin"
            medians = measure(Ways(folder, url, given.megabytes * 1_000_000, sha256), given.rounds)
        finally:
            server.kill()
            server.wait()
    for way, median in medians.items():
        print(f"{way:<16} {given.megabytes / median:7.0f} MB/s   {medians['curl'] / median:4.2f} of curl")
    print(f"hub is {medians['curl, sync'] / medians['hub']:.2f} of curl and sync, which leaves the bytes as safe")
    return int(medians["curl"] / medians["hub"] < given.least)


if __name__ == "__main__":
    sys.exit(main())
