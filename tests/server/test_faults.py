"""What goes wrong is said in the shape of the interface, and the server goes on."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hub.server.insight.records import Readable
from tests.support.serving import until


def said(text, **more):
    return {"model": "toy", "messages": [{"role": "user", "content": text}], **more}


def chat(toy, text, **more):
    return toy.post("/v1/chat/completions", said(text, **more))


def stream(toy, text):
    return toy.http.stream("POST", "/v1/chat/completions", json=said(text, stream=True))


def events(lines):
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def worker(toy, name="tests/toy:plain"):
    return next(model for model in toy.running() if model["name"] == name)


def test_the_toy_answers(toy):
    assert chat(toy, "hello there").json()["choices"][0]["message"]["content"] == "hello there"


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"{", 400, "invalid_json", None),
        (b"\xff\xfe", 400, "invalid_json", None),
        (b"[" * 50_000, 400, "invalid_request", None),
        (b"[]", 400, "invalid_request", None),
        (b"{}", 400, "invalid_request", None),
        (b'{"model": 1, "messages": []}', 400, "invalid_request", "model"),
        (
            b'{"model": "toy", "messages": [{"role": "user", "content": 5}]}',
            400,
            "invalid_request",
            "messages[0].content",
        ),
        (b'{"model": "toy", "messages": []}', 400, "invalid_request", "messages"),
        (b'{"model": "toi", "messages": [{"role": "user", "content": "a"}]}', 404, "model_not_found", None),
        (b'{"model": "", "messages": [{"role": "user", "content": "a"}]}', 400, "invalid_request", "model"),
        (b'{"model": "' + b"x" * 200_000 + b'"}', 413, "request_too_large", None),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_the_place(toy, body, status, code, param):
    answer = toy.http.post("/v1/chat/completions", content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert answer.headers["x-request-id"]


def test_a_body_without_a_length_is_counted_too(toy):
    pieces = (b"x" * 10_000 for _ in range(20))
    assert toy.http.post("/v1/chat/completions", content=pieces).status_code == 413


def test_an_unknown_model_is_answered_with_near_names(toy):
    assert "toy" in toy.post("/v1/chat/completions", {**said("a"), "model": "tests/toi"}).json()["error"]["message"]


@pytest.mark.parametrize("name", ["/etc/passwd", "./a.toy", "hf:org/model", "../../x", "file:/etc/passwd", "~", "a\0b"])
def test_a_stranger_names_neither_paths_nor_repositories(toy, name):
    answer = toy.post("/v1/chat/completions", {**said("a"), "model": name})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_other_paths_and_methods_are_refused(toy):
    assert toy.http.get("/v1/nothing").json()["error"]["code"] == "not_found"
    assert toy.http.get("/v1/chat/completions").status_code == 405
    assert toy.http.get("/api/nothing").json()["error"].startswith("there is nothing at GET /api/nothing")


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("raise", 500, "ZeroDivisionError"),
        ("exit", 500, "SystemExit"),
        ("overflow", 400, "9000 of 8192 tokens"),
        ("die", 500, "killed by SIGKILL"),
        ("crash", 500, "killed by SIGABRT"),
    ],
)
def test_a_model_that_fails_is_told_and_answers_again(toy, text, status, told):
    for streamed in (False, True):
        answer = chat(toy, text, stream=streamed)
        assert answer.status_code == status
        assert told in answer.json()["error"]["message"]
    assert chat(toy, "still here").status_code == 200


def test_of_several_answers_each_is_counted_however_one_ended(toy):
    def calls():
        lines = [line for line in toy.http.get("/metrics").text.splitlines() if line.startswith("hub_calls_total{")]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before = calls()
    assert chat(toy, "raise", n=3).status_code == 500
    assert calls() - before == 3


def test_a_worker_that_is_killed_in_the_middle_ends_the_stream_with_an_error(toy):
    first = worker(toy)["pid"]
    with stream(toy, "forever a b") as answer:
        lines = answer.iter_lines()
        assert "delta" in next(lines)
        os.kill(first, signal.SIGKILL)
        found = events(list(lines))
    assert "killed by SIGKILL" in found[-1]["error"]["message"]
    assert chat(toy, "again").status_code == 200
    assert worker(toy)["pid"] != first


def test_what_nobody_reads_any_more_is_ended(toy):
    with stream(toy, "forever a b") as answer:
        lines = answer.iter_lines()
        assert "assistant" in next(lines)
        assert worker(toy)["running"] == 1
    assert until(lambda: worker(toy)["running"] == 0)


def test_more_than_the_queue_holds_is_refused_with_a_time_to_come_back(toy):
    with ExitStack() as opened, ThreadPoolExecutor(4) as pool:
        endless = [opened.enter_context(stream(toy, "forever a")).iter_lines() for _ in range(2)]
        assert all("assistant" in next(lines) for lines in endless)
        queued = [pool.submit(chat, toy, f"number {place}") for place in range(4)]
        assert until(lambda: worker(toy)["waiting"] == 4)
        refused = chat(toy, "one more")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "queue_full"
        opened.close()
        assert {job.result().status_code for job in queued} == {200}


def test_a_deaf_model_that_nobody_waits_for_is_ended_with_its_process(toy):
    first = worker(toy)["pid"]
    with pytest.raises(Exception, match="timed out"):
        toy.http.post("/v1/chat/completions", json=said("deaf"), timeout=0.5)
    assert chat(toy, "meanwhile").status_code == 200
    assert until(lambda: not Path(f"/proc/{first}").exists())
    assert chat(toy, "afterwards").status_code == 200


def test_a_name_that_another_site_gave_this_machine_is_refused(toy):
    answer = toy.http.get("/v1/models", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "host_refused"


def test_a_page_of_another_origin_is_refused(toy):
    assert toy.http.get("/v1/models", headers={"Origin": "https://evil.example"}).status_code == 403
    assert toy.http.get("/v1/models", headers={"Origin": toy.url}).status_code == 200


def test_what_a_stranger_asks_for_does_not_steer_the_terminal_that_shows_the_log():
    fields = {"msg": "%s %s", "args": ("GET", "/a\x1b[2J\n12:00:00 forged"), "status": 404, "client": "192.0.2.7"}
    line = Readable().format(logging.makeLogRecord({"levelno": logging.INFO, **fields}))
    assert line.isprintable()
    assert line.endswith("GET /a [2J 12:00:00 forged  status=404")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/models HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(200)),
        b"GET /v1/models HTTP/1.1\r\nX-Long: " + b"y" * 200_000,
        b"GET /" + b"y" * 200_000,
    ],
    ids=["headers", "a header", "the path"],
)
def test_a_head_without_end_is_cut_off(toy, head):
    host, port = toy.url.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=10)
    with line, suppress(ConnectionError):  # what is on its way when the server closes may take its answer along
        line.sendall(head)
        assert line.recv(100).startswith(b"HTTP/1.1 431")
    assert toy.http.get("/healthz").json() == {"status": "ok", "trouble": []}
