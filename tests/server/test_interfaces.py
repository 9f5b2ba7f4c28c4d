"""The clients of Ollama, Triton, Hugging Face and TensorFlow Serving work on real models."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import ollama
import pytest
import tritonclient.http as triton
from huggingface_hub import InferenceClient, close_session
from tritonclient.utils import InferenceServerException

pytestmark = pytest.mark.weights

CHAT, VECTORS = "smollm2-135m", "all-minilm-l6-v2"
SKY = [{"role": "user", "content": "Why is the sky blue?"}]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FEW = {"num_predict": 8, "temperature": 0}


@pytest.fixture(scope="module")
def friend(real):
    with ollama.Client(host=real.url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def server(real):
    with triton.InferenceServerClient(real.url.removeprefix("http://")) as client:
        yield client


@pytest.fixture(scope="module")
def unit(real):
    """Vectors as another interface gives them."""
    data = real.post("/v1/embeddings", {"model": VECTORS, "input": ["a cat", "a dog"]}).json()["data"]
    return np.array([item["embedding"] for item in data])


def test_ollama_lists_shows_and_tells_what_runs(friend):
    names = {model.model for model in friend.list().models}
    assert f"{CHAT}:latest" in names
    assert friend.show(CHAT).capabilities == ["completion"]
    friend.generate(CHAT)
    assert f"{CHAT}:latest" in {model.model for model in friend.ps().models}


def test_ollama_chats_whole_and_in_pieces(friend):
    whole = friend.chat(f"{CHAT}:latest", SKY, options=FEW)
    pieces = list(friend.chat(CHAT, SKY, options=FEW, stream=True))
    assert whole.message.content
    assert "".join(piece.message.content for piece in pieces) == whole.message.content
    assert (pieces[-1].done, pieces[-1].done_reason, pieces[-1].eval_count) == (True, "length", 8)


def test_ollama_generates_and_embeds(friend, unit):
    assert friend.generate(CHAT, "One, two,", raw=True, options=FEW).response
    assert np.allclose(friend.embed(VECTORS, ["a cat", "a dog"]).embeddings, unit, atol=1e-3)
    assert np.allclose(friend.embeddings(VECTORS, "a cat").embedding, unit[0], atol=1e-3)


def test_ollama_is_told_what_is_wrong(friend):
    with pytest.raises(ollama.ResponseError, match="there is no model") as caught:
        friend.chat("nothing-of-this-name", SKY)
    assert caught.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="'repeat_penalty' is not honoured"):
        friend.chat(CHAT, SKY, options={"repeat_penalty": 2})


def test_ollama_keeps_a_model_for_ever_where_it_is_told_a_time_beyond_all_calendars(real, friend):
    friend.generate(CHAT, keep_alive=1e30)
    assert f"{CHAT}:latest" in {model.model for model in friend.ps().models}
    friend.generate(CHAT, keep_alive=300)


def test_ollama_refuses_pictures_where_no_projector_is(friend):
    with pytest.raises(ollama.ResponseError, match="no projector"):
        friend.generate(CHAT, "What is this?", images=[PNG])
    with pytest.raises(ollama.ResponseError, match="this is no png"):
        friend.chat(CHAT, [{"role": "user", "content": "And this?", "images": ["AAAA"]}])


@pytest.mark.parametrize("binary", [True, False])
def test_triton_makes_vectors_in_both_forms(server, unit, binary):
    assert server.is_server_live()
    assert server.is_server_ready()
    assert server.is_model_ready(VECTORS)
    metadata = server.get_model_metadata(VECTORS)
    assert metadata["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    given = triton.InferInput("text", [2], "BYTES")
    given.set_data_from_numpy(np.array(["a cat", "a dog"], dtype=object), binary_data=binary)
    wanted = triton.InferRequestedOutput("vector", binary_data=binary)
    found = server.infer(VECTORS, [given], outputs=[wanted]).as_numpy("vector")
    assert found.dtype == np.float32
    assert np.allclose(found, unit, atol=1e-3)


def test_triton_is_told_what_is_wrong(server):
    given = triton.InferInput("text", [1], "FP32")
    given.set_data_from_numpy(np.zeros(1, np.float32))
    with pytest.raises(InferenceServerException, match="is of BYTES, not FP32"):
        server.infer(VECTORS, [given])
    with pytest.raises(InferenceServerException, match="there is no model"):
        server.get_model_metadata("nothing-of-this-name")


@pytest.fixture
def sessions():
    """What `huggingface_hub` keeps open is closed."""
    yield
    close_session()


def test_hugging_face_makes_vectors_and_writes(real, unit, sessions):
    vectors = InferenceClient(f"{real.url}/tasks/feature-extraction/{VECTORS}")
    assert np.allclose(vectors.feature_extraction("a cat"), unit[:1], atol=1e-3)
    writes = InferenceClient(f"{real.url}/tasks/text-generation/{CHAT}")
    assert writes.text_generation("One, two,", max_new_tokens=6)
    assert InferenceClient(base_url=f"{real.url}/v1").chat_completion(SKY, model=CHAT, max_tokens=4).choices


def test_a_task_without_its_model_or_inputs_says_so(real):
    assert real.post("/tasks/feature-extraction", {"text": "a"}).status_code == 400
    assert real.post("/tasks/no-such-task", {"inputs": "a"}).status_code == 404
    assert (
        "did you mean"
        in real.post(f"/tasks/feature-extraction/{VECTORS}", {"inputs": "a", "parameters": {"normalise": True}}).json()[
            "error"
        ]
    )


def test_tensorflow_predicts_and_tells_its_state(real, unit):
    found = real.post(f"/v1/models/{VECTORS}:predict", {"instances": ["a cat", {"text": "a dog"}]}).json()
    assert np.allclose(found["predictions"], unit, atol=1e-3)
    assert real.http.get(f"/v1/models/{VECTORS}").json()["model_version_status"][0]["state"] == "AVAILABLE"
    wrong = real.post(f"/v1/models/{VECTORS}:classify", {"examples": ["a"]})
    assert (wrong.status_code, wrong.json()["error"]) == (
        400,
        "'sentence-transformers/all-MiniLM-L6-v2' gives vector, not labels",
    )


ASKED = {
    "/v1/chat/completions": {"messages": SKY, "max_tokens": 2},
    "/v1/completions": {"prompt": "One, two,", "max_tokens": 2},
    "/v1/responses": {"input": "One, two,", "max_output_tokens": 2},
    "/v1/embeddings": {"input": ["a cat", "a dog"]},
    "/api/chat": {"messages": SKY, "stream": False, "options": FEW},
    "/api/generate": {"prompt": "One, two,", "stream": False, "options": FEW},
    "/api/embed": {"input": "a cat"},
    "/api/embeddings": {"prompt": "a cat"},
    "/v2/models/{model}/infer": {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a cat"]}]},
}


def test_answers_are_of_the_types_that_the_document_gives_them(real):
    document = real.http.get("/openapi.json").json()
    tried = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schema = operation["responses"]["200"]["content"].get("application/json", {}).get("schema")
            if schema is None:
                continue
            model = VECTORS if "embed" in path or path.startswith("/v2") else CHAT
            body = {"model": model, **ASKED[path]} if method == "post" else None
            answer = real.http.request(method, path.replace("{model}", model), json=body)
            assert answer.status_code == 200, (path, answer.text)
            root = {**schema, "components": document["components"]}
            jsonschema.Draft202012Validator(root).validate(answer.json())
            tried.add(path)
    assert set(ASKED) < tried


def test_meters_count_tokens_and_tell_nothing_of_prompts(real):
    real.post("/v1/chat/completions", {"model": CHAT, "messages": SKY, "max_tokens": 2, "stream": True})
    text = real.http.get("/metrics").text
    assert 'hub_tokens_total{kind="generated"' in text
    assert "hub_time_to_first_token_seconds_count" in text
    assert "sky" not in text
    records = [json.loads(line) for line in real.log.read_text().splitlines()]
    assert {"status", "seconds", "request", "client"} <= set(records[-1])
    assert not any("sky blue" in json.dumps(record) for record in records)
