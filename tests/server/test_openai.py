"""The official client of OpenAI works unchanged, on real models."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openai
import pytest

from hub.server.apis.openai.audio import _written

pytestmark = pytest.mark.weights

CHAT, VECTORS = "smollm2-135m", "all-minilm-l6-v2"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SKY = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture(scope="module")
def client(real):
    with openai.OpenAI(base_url=f"{real.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_models_are_listed_and_shown(client):
    listed = {model.id for model in client.models.list()}
    assert "HuggingFaceTB/SmolLM2-135M-Instruct" in listed
    assert client.models.retrieve(CHAT).owned_by == "HuggingFaceTB"
    with pytest.raises(openai.NotFoundError, match="there is no model 'smolm2'"):
        client.models.retrieve("smolm2")


def test_a_chat_is_answered_and_counted(client):
    answer = client.chat.completions.create(model=CHAT, messages=SKY, max_tokens=8, temperature=0)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8
    assert answer.usage.prompt_tokens > 8


def test_a_stream_says_what_the_whole_answer_says_and_ends_with_its_usage(client):
    asked = {"model": CHAT, "messages": SKY, "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    assert chunks[-1].usage == whole.usage


def test_sampling_is_obeyed(client):
    asked = {"model": CHAT, "messages": SKY, "max_tokens": 10, "temperature": 1.5, "seed": 7}
    first, again = (client.chat.completions.create(**asked).choices[0].message.content for _ in range(2))
    other = client.chat.completions.create(**{**asked, "seed": 8}).choices[0].message.content
    assert first == again != other


def test_several_answers_differ(client):
    answer = client.chat.completions.create(model=CHAT, messages=SKY, max_tokens=8, temperature=1.5, seed=1, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) > 1
    assert answer.usage.completion_tokens <= 24


def test_a_stop_ends_the_answer_and_is_not_in_it(client):
    asked = {"model": CHAT, "messages": SKY, "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked).choices[0].message.content
    word = whole.split()[4]
    cut = client.chat.completions.create(**asked, stop=[word]).choices[0]
    assert word not in cut.message.content
    assert cut.finish_reason == "stop"


def test_a_schema_is_enforced(client):
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Describe a person."}],
        max_tokens=40,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": schema}},
    )
    if answer.choices[0].finish_reason == "stop":
        found = json.loads(answer.choices[0].message.content)
        assert isinstance(found["age"], int)
    else:
        assert answer.choices[0].message.content.lstrip().startswith("{")


def test_a_text_is_continued_as_it_stands(client):
    answer = client.completions.create(model=CHAT, prompt=["One, two,", "A, B,"], max_tokens=4, temperature=0)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.text for choice in answer.choices)
    chunks = list(client.completions.create(model=CHAT, prompt="One, two,", max_tokens=4, temperature=0, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == answer.choices[0].text


def test_vectors_are_those_of_the_model_in_both_forms(client):
    texts = ["a cat", "a dog", "the stock market"]
    vectors = np.array([item.embedding for item in client.embeddings.create(model=VECTORS, input=texts).data])
    plain = client.embeddings.create(model=VECTORS, input=texts, encoding_format="float")
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.allclose(vectors, [item.embedding for item in plain.data], atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_many_ask_at_once_and_each_gets_its_own_answer(client):
    texts = [f"sentence number {number}" for number in range(24)]
    alone = client.embeddings.create(model=VECTORS, input=texts).data
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(client.embeddings.create, model=VECTORS, input=text) for text in texts]
    for job, expected in zip(jobs, alone, strict=True):
        assert np.allclose(job.result().data[0].embedding, expected.embedding, atol=1e-3)


def test_a_prompt_past_the_context_is_refused_before_a_stream_begins(client):
    long = [{"role": "user", "content": "word " * 2000}]
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model=CHAT, messages=long, stream=stream)
        assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"n": 99}, "n"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
    ],
)
def test_what_no_model_honours_is_refused_by_name(client, changes, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": CHAT, "messages": SKY, **changes})
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"data:image/png;base64,{PNG}", "no projector"),
        ("http://127.0.0.1:1/a.png", "fetches nothing"),
        ("data:text/plain,hello", "data: URL of a picture"),
    ],
)
def test_a_picture_is_refused_by_a_model_that_has_no_projector_and_never_fetched(client, url, told):
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.BadRequestError, match=told):
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": parts}], max_tokens=2)


def test_penalties_and_bias_change_what_comes(client):
    asked = {"model": CHAT, "prompt": "One, one, one, one,", "max_tokens": 6, "temperature": 0}
    plain = client.completions.create(**asked, logprobs=0).choices[0]
    other = client.completions.create(**asked, presence_penalty=2, frequency_penalty=2).choices[0]
    assert plain.text.count(" one") > other.text.count(" one")
    banned = client.completions.create(**asked, logit_bias={"28": -100, "582": -100}).choices[0]
    assert banned.text != plain.text
    with pytest.raises(openai.BadRequestError, match="at most 2"):
        client.completions.create(**asked, presence_penalty=3)
    with pytest.raises(openai.BadRequestError, match="ids of tokens"):
        client.completions.create(**asked, logit_bias={"one": 1})


def test_log_probabilities_of_a_chat_are_told_whole_and_in_pieces(client):
    asked = {"model": CHAT, "messages": SKY, "max_tokens": 5, "temperature": 0, "logprobs": True, "top_logprobs": 2}
    choice = client.chat.completions.create(**asked).choices[0]
    told = choice.logprobs.content
    assert "".join(each.token for each in told) == choice.message.content
    assert [each.logprob for each in told] == [each.top_logprobs[0].logprob for each in told]
    assert all(each.logprob <= 0 and len(each.top_logprobs) == 2 for each in told)
    assert bytes(told[0].bytes).decode() == told[0].token
    chunks = list(client.chat.completions.create(**asked, stream=True))
    pieces = [each for chunk in chunks if (found := chunk.choices[0].logprobs) for each in found.content]
    assert [each.token for each in pieces] == [each.token for each in told]
    assert (
        not client.chat.completions.create(**{**asked, "top_logprobs": None})
        .choices[0]
        .logprobs.content[0]
        .top_logprobs
    )


def test_log_probabilities_of_a_completion_have_places_in_the_text(client):
    asked = {"model": CHAT, "prompt": "One, two,", "max_tokens": 4, "temperature": 0, "logprobs": 2}
    choice = client.completions.create(**asked).choices[0]
    told = choice.logprobs
    assert "".join(told.tokens) == choice.text
    assert [
        choice.text[start : start + len(token)] for start, token in zip(told.text_offset, told.tokens, strict=True)
    ] == (told.tokens)
    assert all(max(likely.values()) == own for likely, own in zip(told.top_logprobs, told.token_logprobs, strict=True))
    chunks = [chunk.choices[0].logprobs for chunk in client.completions.create(**asked, stream=True)]
    assert [offset for each in chunks if each for offset in each.text_offset] == told.text_offset


def test_token_ids_of_another_tokenizer_are_refused_with_what_to_do(client):
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"):
        client.embeddings.create(model=VECTORS, input=[[1, 2, 3]])
    with pytest.raises(openai.BadRequestError, match="send texts"):
        client.completions.create(model=CHAT, prompt=[1, 2, 3])


def test_a_model_for_another_task_is_refused(client):
    with pytest.raises(openai.BadRequestError, match="is for feature-extraction"):
        client.chat.completions.create(model=VECTORS, messages=SKY)


def test_what_is_said_is_written_again(client):
    sentence = "The ship left the harbour early in the morning."
    with client.audio.speech.with_streaming_response.create(
        model="piper-joe", voice="joe", input=sentence, response_format="wav", speed=0.9
    ) as answer:
        spoken = answer.read()
    assert spoken.startswith(b"RIFF")
    sound = ("ship.wav", spoken)
    found = client.audio.transcriptions.create(model="whisper-tiny.en", file=sound, response_format="verbose_json")
    assert {"ship", "left", "morning"} <= set(found.text.lower().rstrip(".").replace(",", "").split())
    assert found.segments[0].end > found.segments[0].start


def test_transcripts_are_written_as_subtitles():
    found = {"text": "One. Two.", "chunks": [{"timestamp": [0.0, 1.5], "text": "One."}]}
    found["chunks"].append({"timestamp": [3661.25, None], "text": "Two."})
    assert _written(found, "srt").body.decode() == (
        "1\n00:00:00,000 --> 00:00:01,500\nOne.\n\n2\n01:01:01,250 --> 01:01:01,250\nTwo.\n"
    )
    assert _written(found, "vtt").body.decode().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne.\n")
    assert _written(found, "text").body == b"One. Two.\n"


def test_speech_comes_in_the_form_that_is_asked_for(client):
    asked = {"model": "piper-joe", "voice": "joe", "input": "Good morning."}
    assert client.audio.speech.create(**asked, response_format="opus").content.startswith(b"OggS")
    pcm = client.audio.speech.create(**asked, response_format="pcm").content
    assert 12_000 < len(pcm) < 200_000
    with pytest.raises(openai.BadRequestError, match="response_format is pcm"):
        client.audio.speech.create(**asked, response_format="aac")


def test_a_transcript_of_what_is_not_sound_says_so(client):
    for model, content in ((CHAT, b"RIFF"), ("whisper-tiny.en", b"no sound at all")):
        with pytest.raises(openai.BadRequestError):
            client.audio.transcriptions.create(model=model, file=("a.wav", io.BytesIO(content)))
