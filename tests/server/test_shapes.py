"""The document of the paths is true, and whatever is sent, nothing of it makes the server fail."""

from __future__ import annotations

import json
import random
import re

import jsonschema
import pytest

from hub.server.app import PATHS
from tests.conftest import ROOT

ODD = [None, True, 0, -1, 1.5, 10**30, "", "a", "\0", "💥" * 50, [], [None], [[]], {}, {"a": 1}, {"model": "toy"}]
NOT_LOADING = {"/hub/v1/stop", "/hub/v1/keys"}


@pytest.fixture(scope="module")
def document(toy):
    return toy.http.get("/openapi.json").json()


def test_every_path_is_in_the_document_with_its_types(document):
    assert document["openapi"] == "3.1.0"
    assert sum(len(methods) for methods in document["paths"].values()) == len(PATHS)
    chat = document["paths"]["/v1/chat/completions"]["post"]
    assert chat["summary"] == "Answer a conversation"
    assert chat["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ChatRequest"}
    events = document["paths"]["/hub/v1/pulls/events"]["get"]["responses"]["200"]
    assert list(events["content"]) == ["text/event-stream"]
    names = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(set(names)) == len(names)


def test_its_types_are_schemas_that_take_what_the_server_takes(toy, document):
    body = {"model": "toy", "messages": [{"role": "user", "content": "one two"}], "max_tokens": 1}
    root = {"$ref": "#/components/schemas/ChatRequest", "components": document["components"]}
    jsonschema.Draft202012Validator(root).validate(body)
    assert toy.post("/v1/chat/completions", body).status_code == 200
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(root).validate({**body, "messages": "one two"})


def bodies(seed):
    """Odd bodies: plain values, and objects with known names and odd values."""
    chance = random.Random(seed)
    names = ["model", "messages", "prompt", "input", "inputs", "instances", "examples", "options", "format", "stream"]
    names += [
        "parameters",
        "keep_alive",
        "stop",
        "n",
        "seed",
        "max_tokens",
        "response_format",
        "name",
        "encoding_format",
        "tools",
        "tool_choice",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "presence_penalty",
        "text",
        "include",
        "images",
    ]
    yield from ODD
    for _ in range(12):
        chosen = {name: chance.choice(ODD) for name in chance.sample(names, 6)}
        yield {"model": "toy", **chosen}


@pytest.mark.parametrize("path", sorted({path for method, path, _ in PATHS if method == "POST"} - NOT_LOADING))
def test_nothing_that_is_sent_makes_the_server_fail(toy, path):
    real = path.replace("{model:path}", "toy").replace("{task}", "text-generation")
    for number, body in enumerate(bodies(path)):
        answer = toy.post(real, body)
        assert answer.status_code < 500, (number, body, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["error"], body
    for body in (b"", b"\0" * 100, b"{", b"--x\r\n", b"\x93\xc1"):
        for kind in ("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "image/png"):
            answer = toy.http.post(real, content=body, headers={"Content-Type": kind})
            assert answer.status_code < 500, (body, kind, answer.text)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hub/v1/catalogue?limit=" + "9" * 5000, {}),
        ("/hub/v1/logs?after=" + "9" * 5000, {}),
        ("/v2/models/vectors/infer", {"Inference-Header-Content-Length": "9" * 5000}),
    ],
)
def test_a_number_that_is_too_long_is_refused(toy, path, headers):
    method = "POST" if headers else "GET"
    assert toy.http.request(method, path, headers={**toy.own, **headers}).status_code == 400


@pytest.mark.parametrize(
    ("shape", "data"), [([10**30], ["a"]), ([-1, -1], ["a"]), ([1] * 99, ["a"]), ([2], ["a"]), ([1], []), ([1], None)]
)
def test_a_tensor_of_another_shape_is_refused(toy, shape, data):
    tensor = {"name": "text", "datatype": "BYTES", "shape": shape, "data": data}
    assert toy.post("/v2/models/vectors/infer", {"inputs": [tensor]}).status_code == 400


def test_a_tensor_may_be_as_deep_as_json(toy):
    deep = '["a", ' + "[" * 900 + '"b"' + "]" * 901
    tensor = f'{{"inputs": [{{"name": "text", "datatype": "BYTES", "shape": [2], "data": {deep}}}]}}'
    assert toy.http.post("/v2/models/vectors/infer", content=tensor).json()["outputs"][0]["shape"][0] == 2


def test_the_dashboard_shows_meters_that_there_are(toy):
    toy.post("/v1/chat/completions", {"model": "toy", "messages": [{"role": "user", "content": "one two"}]})
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    shown = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"hub_\w+", target["expr"])
    }
    told = set(re.findall(r"^(?:# TYPE )?(hub_\w+)", toy.http.get("/metrics").text, re.MULTILINE))
    assert len(shown) >= 12
    assert shown <= told
