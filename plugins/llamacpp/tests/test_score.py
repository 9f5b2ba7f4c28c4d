"""What llama.cpp expects of a text: the same as it generates."""

import numpy as np
import pytest
from hub_llamacpp.scoring import row_of

from hub.errors import ContextOverflow
from hub.runtime.protocols import Chat, Sampling, Score
from plugins.llamacpp.tests.conftest import CONTEXT

TEXT = "The capital of France is Paris, and the capital of Germany is Berlin. été"


def test_what_is_not_told_is_spread_evenly():
    row = row_of({2: np.log(0.5), 0: np.log(0.3)}, 4)
    assert row.dtype == np.float32
    assert np.exp(row) == pytest.approx([0.3, 0.1, 0.5, 0.1])
    assert np.exp(row_of({0: np.log(0.4), 1: np.log(0.6)}, 2)) == pytest.approx([0.4, 0.6])


@pytest.mark.weights
def test_each_place_has_a_distribution_over_the_whole_vocabulary(chat):
    [scored] = chat.score(Score(texts=(TEXT,)))
    assert scored.logprobs.shape == (len(scored.ids) - 1, 49152)
    assert scored.logprobs.dtype == np.float32
    assert np.exp(scored.logprobs.astype(np.float64)).sum(axis=1) == pytest.approx(1, abs=1e-3)
    there = scored.logprobs[np.arange(len(scored.ids) - 1), scored.ids[1:]]
    assert 1 < np.exp(-there.mean()) < 60
    assert len(set(scored.logprobs[0].tolist())) >= 1000


@pytest.mark.weights
def test_the_likeliest_token_is_the_one_that_is_generated(chat):
    prompt = "The capital of France is"
    reply = chat.chat(Chat(prompt=prompt, sampling=Sampling(max_tokens=1)), lambda _: False)
    before, after = chat.score(Score(texts=(prompt, prompt + reply.text)))
    assert after.ids[:-1] == before.ids
    assert after.logprobs[-1].argmax() == after.ids[-1]
    assert after.logprobs[: len(before.logprobs)] == pytest.approx(before.logprobs, abs=0.05)


@pytest.mark.weights
def test_a_conversation_is_not_changed_by_what_was_scored(chat):
    request = Chat(messages=({"role": "user", "content": "What is 2+2?"},), sampling=Sampling(max_tokens=12))
    before = chat.chat(request, lambda _: False)
    chat.score(Score(texts=("What is 2+2? It is 5.",)))
    assert chat.chat(request, lambda _: False) == before


@pytest.mark.weights
def test_a_text_of_one_token_has_no_place_to_score(chat):
    [scored] = chat.score(Score(texts=("a",)))
    assert scored.logprobs.shape == (len(scored.ids) - 1, 49152)


@pytest.mark.weights
def test_a_text_that_does_not_fit_is_refused(chat):
    with pytest.raises(ContextOverflow, match=f"and the context holds {CONTEXT}"):
        chat.score(Score(texts=("word " * 600,)))
