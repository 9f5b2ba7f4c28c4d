"""Models are loaded once, unloaded when idle or for another, and a server that is told to end answers what it took."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.server.conftest import clean_environment
from tests.support.serving import Served, toy_home, until


def ask(served, model, text, **more):
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return served.post("/v1/chat/completions", body)


def names(served):
    return {model["name"] for model in served.running()}


@pytest.fixture(scope="module")
def small(toy_folder, tmp_path_factory):
    """A server with room for one toy, which leaves soon, and little patience."""
    patch = clean_environment()
    home, env = toy_home(toy_folder)
    arguments = ("--pull", "--memory", "100MB", "--keep-alive", "2", "--timeout", "1.5")
    with Served(*arguments, home=home, folder=tmp_path_factory.mktemp("small"), env=env) as served:
        yield served
    patch.undo()


def test_one_load_however_many_ask(small):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(small, "other", "pid"), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    loads = [line for line in small.http.get("/metrics").text.splitlines() if line.startswith("hub_load_seconds_count")]
    assert loads == ['hub_load_seconds_count{model="tests/other:plain"} 1.0']


def test_the_model_that_nobody_used_for_longest_makes_room(small):
    assert ask(small, "other", "a").status_code == 200
    assert ask(small, "toy", "a").status_code == 200
    assert names(small) == {"tests/toy:plain"}


def test_what_nobody_uses_is_unloaded_after_a_while(small):
    assert ask(small, "toy", "a").status_code == 200
    assert until(lambda: not names(small))


def test_what_is_listed_can_be_stopped_by_its_alias(small):
    assert ask(small, "other", "a").status_code == 200
    assert small.post("/hub/v1/stop", {"model": "other"}).json() == {"stopped": ["tests/other:plain"]}
    assert "tests/other:plain" not in names(small)
    assert small.post("/hub/v1/stop", {"model": "other"}).status_code == 404


def test_a_request_that_takes_too_long_is_given_up(small):
    ask(small, "toy", "a")
    answer = ask(small, "toy", "deaf")
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "deadline_exceeded"


def test_a_server_that_is_told_to_end_answers_what_it_took(toy_folder, tmp_path):
    home, env = toy_home(toy_folder)
    with Served("toy", "--pull", home=home, folder=tmp_path, env=env) as served, ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(ask, served, "toy", "forever a", max_tokens=20_000) for _ in range(8)]
        assert until(lambda: served.running()[0]["waiting"])
        served.process.terminate()
        answers = [job.result() for job in jobs]
        assert [answer.status_code for answer in answers] == [200] * 8
        assert served.process.wait(30) == 0
    assert not list((home / "server").glob(f"{served.url.rpartition(':')[2]}.json"))
