"""Pulls that are killed, interrupted or run eight at once: the real command in processes of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest

from hub.store.store import Store
from tests.support.faulty_server import FaultyServer, hold, whole
from tests.support.store import listed, noise, registry, tree, weight

SIZE = 6_000_000
CONTENT = noise(SIZE)


@pytest.fixture
def server():
    with FaultyServer() as running:
        yield running


@pytest.fixture
def start(hub_home, tmp_path, server):
    """Start `hub` with a registry that lists a model of one file, served by the server."""
    file = weight("model.gguf", CONTENT, server.url("/model.gguf"))
    env = {**os.environ, **registry(tmp_path, listed("toy", {"one": [file]}))}

    def begin(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "hub", *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.02)


def partial_size() -> int:
    return sum(path.stat().st_size for path in Store().layout.partials.glob("*"))


def stop_at(process: subprocess.Popen[str], held: int, how: signal.Signals) -> int:
    """Send a signal as soon as so many bytes are on the disk; gives the exit status."""
    wait_for(lambda: partial_size() == held or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(how)
    process.communicate(timeout=60)
    return process.returncode


def pulled_path(process: subprocess.Popen[str]) -> Path:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return Path(json.loads(out)[0]["path"])


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_pull_goes_on_where_it_ended(start, server, seed):
    first, second = sorted(Random(seed).sample(range(1, SIZE), 2))
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(first, gate), hold(second - first, gate), whole)
    for held in (first, second):
        assert stop_at(start("pull", "toy"), held, signal.SIGKILL) == -signal.SIGKILL
    assert Store().records() == []
    path = pulled_path(start("pull", "toy", "--json"))
    assert (path / "model.gguf").read_bytes() == CONTENT
    assert server.ranges("/model.gguf") == ["", f"bytes={first}-", f"bytes={second}-"]
    assert not list(Store().layout.sessions.iterdir())


def test_a_pull_that_was_killed_after_its_last_byte_asks_for_nothing(start, server):
    blob = weight("model.gguf", CONTENT)
    Store().layout.prepare()
    Store().layout.partial(blob.sha256).write_bytes(CONTENT)
    assert (pulled_path(start("pull", "toy", "--json")) / "model.gguf").read_bytes() == CONTENT
    assert server.seen == []


@pytest.mark.parametrize("left", [b"\0" * 1_000_000, b"\0" * SIZE, b"\0" * (SIZE + 5)])
def test_what_a_power_cut_left_wrong_is_fetched_from_the_start(start, server, left):
    server.put("/model.gguf", CONTENT)
    Store().layout.prepare()
    Store().layout.partial(weight("m", CONTENT).sha256).write_bytes(left)
    assert (pulled_path(start("pull", "toy", "--json")) / "model.gguf").read_bytes() == CONTENT
    assert server.ranges("/model.gguf")[-1] == ""


def test_ctrl_c_ends_a_pull_at_once_and_keeps_what_came(start, server):
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(1_234_567, gate), whole)
    process = start("pull", "toy")
    wait_for(lambda: partial_size() == 1_234_567)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=25)  # less than the read timeout: it does not wait for the server
    assert process.returncode == 130
    assert "Stopped" in err
    assert "Traceback" not in err
    pulled_path(start("pull", "toy", "--json"))
    assert server.ranges("/model.gguf") == ["", "bytes=1234567-"]


def test_eight_pulls_at_once_are_one_download(start, server):
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(1_000_000, gate), whole)
    processes = [start("pull", "toy", "--json") for _ in range(8)]
    wait_for(lambda: partial_size() == 1_000_000)
    said = [process.stderr.readline() for process in processes]
    gate.set()
    paths = {pulled_path(process) for process in processes}
    assert len(paths) == 1
    assert server.ranges("/model.gguf") == [""]
    assert len([line for line in said if "another process is downloading it" in line]) == 7
    assert (paths.pop() / "model.gguf").read_bytes() == CONTENT


def test_a_waiting_pull_takes_over_from_one_that_is_killed(start, server):
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(2_000_000, gate), whole)
    first = start("pull", "toy")
    wait_for(lambda: partial_size() == 2_000_000)
    second = start("pull", "toy", "--json")
    assert re.search("another process", second.stderr.readline())
    first.kill()
    first.communicate()
    assert (pulled_path(second) / "model.gguf").read_bytes() == CONTENT
    assert server.ranges("/model.gguf") == ["", "bytes=2000000-"]


def test_collecting_garbage_beside_a_pull_takes_nothing_from_it(start, server):
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(2_000_000, gate), whole)
    process = start("pull", "toy", "--json")
    wait_for(lambda: partial_size() == 2_000_000)
    (Store().layout.partials / ("0" * 64)).write_bytes(b"left by a pull of something else")
    out, err = start("gc", "--yes", "--json").communicate(timeout=60)
    assert [item["name"] for item in json.loads(out)["items"]] == ["0" * 64], err
    gate.set()
    assert (pulled_path(process) / "model.gguf").read_bytes() == CONTENT
    assert server.ranges("/model.gguf") == [""]


def test_what_a_killed_pull_left_can_be_collected(start, server):
    gate = threading.Event()
    server.put("/model.gguf", CONTENT, hold(2_000_000, gate), whole)
    stop_at(start("pull", "toy"), 2_000_000, signal.SIGKILL)
    out, err = start("gc", "--yes", "--json").communicate(timeout=60)
    items = json.loads(out)["items"]
    assert {(item["kind"], item["size"]) for item in items if item["kind"] == "partial"} == {("partial", 2_000_000)}, (
        err
    )
    assert {item["kind"] for item in items} == {"partial", "session"}
    assert tree(Store().layout.root) == set()
