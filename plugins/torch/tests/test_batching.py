"""Several calls at once in one batch: each gets what it would get alone, and what fails is told to all and mended."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import hub_torch.backend
import pytest
import torch
from hub_torch.batching import BatchedSession
from hub_torch.facts import memory
from hub_torch.generating import GenerateSession

from hub.errors import InferenceError
from hub.runtime.protocols import Score
from hub.types import Facts
from plugins.torch.tests.models_made import decoder, made
from plugins.torch.tests.test_generate import asked, silent

PROMPTS = tuple((65 + index, 66, 67 + index) for index in range(7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decoder")
    decoder(folder)
    return folder


@pytest.fixture
def batched(folder, opened):
    session = opened(folder, "text-generation", "generate", parallel=3)
    assert isinstance(session, BatchedSession)
    assert session.concurrency == 3
    return session


def at_once(session, requests):
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: session.generate(request, silent), requests))


def test_calls_at_once_get_what_each_gets_alone(folder, opened, batched):
    alone = opened(folder, "text-generation", "generate")
    luck = [{}, {"temperature": 1.0, "seed": 5}, {"temperature": 0.7, "top_k": 9, "seed": 1}, {"max_tokens": 3}]
    requests = [asked((prompt,), **luck[index % 4]) for index, prompt in enumerate(PROMPTS)]
    assert at_once(batched, requests) == [alone.generate(request, silent) for request in requests]


def test_a_long_prompt_is_read_in_steps_beside_others(tmp_path, opened):
    decoder(tmp_path, max_position_embeddings=2048)
    alone, together = (opened(tmp_path, "text-generation", "generate", parallel=count) for count in (1, 2))
    long, short = asked(((65, 66, 67, 68) * 300,)), asked(((70,),))
    assert at_once(together, [long, short]) == [alone.generate(each, silent) for each in (long, short)]


def test_who_leaves_makes_room_and_keeps_nobody(batched):
    free = batched.generate(asked((PROMPTS[0],), max_tokens=None), silent)
    left = [batched.generate(asked((PROMPTS[1],), max_tokens=None), lambda _: True)[0] for _ in range(5)]
    assert [(len(answer.ids), answer.finish) for answer in left] == [(1, "cancelled")] * 5
    assert batched.generate(asked((PROMPTS[0],), max_tokens=None), silent) == free
    assert not batched._waiting
    assert not batched._choosing.choosers


def test_a_caller_who_raises_is_given_up(batched):
    def emit(_):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        batched.generate(asked((PROMPTS[0],)), emit)
    assert not batched._waiting
    assert batched.generate(asked((PROMPTS[0],)), silent)[0].finish == "length"


def test_a_step_that_fails_is_told_to_all_and_the_next_call_is_answered(batched):
    right = batched.generate(asked((PROMPTS[0],)), silent)
    weight = batched._model.lm_head.weight
    before = weight.detach().clone()
    with torch.no_grad():
        weight.fill_(torch.nan)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(batched.generate, asked((prompt,)), silent) for prompt in PROMPTS[:2]]
        failures = [call.exception(60) for call in calls]
    assert [type(failure) for failure in failures] == [InferenceError] * 2
    assert any("no numbers" in str(failure) for failure in failures)
    with torch.no_grad():
        weight.copy_(before)
    assert batched.generate(asked((PROMPTS[0],)), silent) == right


def test_sequences_are_scored_beside_a_batch(folder, opened, batched):
    alone = opened(folder, "text-generation", "generate")
    wanted = Score(prompts=PROMPTS[:2])
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(batched.generate, asked((PROMPTS[2],), max_tokens=None), silent)
        found = batched.score(wanted)
        assert running.result(60)[0].finish == "length"
    for mine, theirs in zip(found, alone.score(wanted), strict=True):
        assert torch.allclose(torch.tensor(mine.logprobs), torch.tensor(theirs.logprobs), atol=1e-5)


def test_closing_ends_the_threads_and_puts_their_number_back(folder):
    from plugins.torch.tests.conftest import request

    before, count = set(threading.enumerate()), torch.get_num_threads()
    session = hub_torch.backend.open_model(request(folder, "text-generation", "generate", parallel=2, threads=1))
    assert torch.get_num_threads() == 1
    session.generate(asked(), silent)
    session.close()
    assert set(threading.enumerate()) == before
    assert torch.get_num_threads() == count


def test_where_it_cannot_be_had_calls_take_turns_and_the_log_says_why(folder, opened, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(hub_torch.backend, "version", lambda _: "5.9.1")
    session = opened(folder, "text-generation", "generate", parallel=2)
    assert type(session) is GenerateSession
    assert caplog.messages == [
        "calls are answered one after the other, not 2 at once: transformers 5.23 is needed for it"
    ]
    monkeypatch.undo()
    made(tmp_path, "xlnet", "AutoModelForCausalLM", vocab_size=100, d_model=32, n_layer=2, n_head=4, d_inner=64)
    assert type(opened(tmp_path, "text-generation", "generate", parallel=2)) is GenerateSession
    assert "transformers cannot batch XLNetLMHeadModel" in caplog.messages[-1]


def test_each_call_has_room_for_a_context():
    config = {"num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "hidden_size": 576}
    facts = Facts(task="text-generation", family="llama", format="safetensors", files=(), config=config)
    one = memory(facts, {"context_length": 1024})
    assert memory(facts, {"context_length": 1024, "parallel": 4}) == replace(one, cache=4 * one.cache)
