"""Downloads of the server: one however many ask, given up and gone on with, and told while they run."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from hub.runtime.references.resolve import resolve
from hub.server.pulls import Pulls
from tests.support.faulty_server import FaultyServer, hold, whole
from tests.support.serving import Served, toy_home
from tests.support.store import listed, noise, registry, weight

CONTENT = noise(400_000)
HALF = 200_000


@pytest.fixture
def gate():
    return threading.Event()


@pytest.fixture
def source(tmp_path, monkeypatch, gate):
    """A server that holds the first download in the middle until the gate opens."""
    with FaultyServer() as server:
        file = weight("one.gguf", CONTENT, server.put("/slow", CONTENT, hold(HALF, gate), whole))
        for name, value in registry(tmp_path, listed("toy", {"one": [file]})).items():
            monkeypatch.setenv(name, value)
        yield server
        gate.set()


async def until_half(pull):
    while pull.told()["done"] < HALF:
        await asyncio.sleep(0.02)


def test_one_that_is_given_up_ends_and_the_next_goes_on_where_it_was(source, gate):
    came = []

    async def scene():
        pulls = Pulls(lambda: came.append("something"))
        first = pulls.start(resolve("toy"))
        assert pulls.start(resolve("toy:one")) is first
        await until_half(first)
        assert pulls.cancel(first.id) is first
        assert first.told()["ending"]
        gate.set()
        told = [each async for each in pulls.changes()]
        assert told[-1][0]["state"] == first.state == "cancelled"
        second = pulls.start(resolve("toy"))
        assert second is not first
        async for _ in pulls.changes():
            pass
        assert second.total <= len(CONTENT) - HALF
        return [pull.state for pull in pulls.listed()]

    assert asyncio.run(scene()) == ["cancelled", "done"]
    assert came == ["something"]


def test_a_server_that_ends_waits_for_no_download(source, monkeypatch):
    monkeypatch.setattr("hub.server.pulls._PATIENCE", 0.2)

    async def scene():
        pulls = Pulls(lambda: None)
        pull = pulls.start(resolve("toy"))
        await until_half(pull)
        await asyncio.wait_for(pulls.close(), 10)
        return pull.told()

    assert asyncio.run(scene())["ending"]


def test_who_watches_a_download_does_not_keep_a_server_from_ending(tmp_path, gate):
    home, env = toy_home(tmp_path)
    with FaultyServer() as server:
        file = weight("a.toy", CONTENT, server.put("/slow", CONTENT, hold(HALF, gate)))
        env |= registry(tmp_path, listed("slow", {"one": [file]}))
        with Served(home=home, folder=tmp_path, env=env) as served:
            served.post("/hub/v1/pulls", {"model": "slow", "variant": "one"})
            with served.http.stream("GET", "/hub/v1/pulls/events") as answer:
                told = (json.loads(line[6:])["pulls"][0] for line in answer.iter_lines() if line)
                next(pull for pull in told if pull["done"])
                served.process.terminate()
                next(pull for pull in told if pull["ending"])
                gate.set()
                assert list(told)[-1]["state"] == "cancelled"


def test_ids_that_nobody_has_cancel_nothing():
    async def scene():
        return Pulls(lambda: None).cancel("7")

    assert asyncio.run(scene()) is None
