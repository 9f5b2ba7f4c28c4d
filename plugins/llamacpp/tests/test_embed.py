"""Embeddings of an encoder of random weights, written here: shapes, order, length, and what is refused."""

import numpy as np
import pytest
from hub_llamacpp.backend import open_model
from hub_llamacpp.fixtures.gguf_files import random_bert

from hub.errors import ContextOverflow, InferenceError
from plugins.llamacpp.tests.conftest import request


@pytest.fixture
def encoder(tmp_path):
    session = open_model(request(random_bert(tmp_path / "encoder.gguf"), "embed", threads=1))
    yield session
    session.close()


def test_vectors_come_in_order_as_float32_and_are_not_scaled(encoder):
    texts = ["a cat", "the dog sits on the mat .", "food"]
    vectors = encoder.embed(texts)
    assert vectors.shape == (3, 32)
    assert vectors.dtype == np.float32
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, rtol=1e-4, atol=1e-5)
    assert not np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_the_file_says_context_and_pooling(encoder):
    assert encoder.metadata["context_length"] == 64
    assert encoder.metadata["pooling"] == 1


def test_an_empty_text_has_a_vector(encoder):
    assert np.isfinite(encoder.embed([""])).all()


def test_a_text_longer_than_the_context_is_refused(encoder):
    with pytest.raises(ContextOverflow, match="102 tokens and the model 64"):
        encoder.embed(["a cat", "cat " * 100])


@pytest.mark.weights
def test_a_chat_model_is_not_opened_for_embeddings(smollm):
    with pytest.raises(InferenceError, match="says nothing of pooling"):
        open_model(request(smollm, "embed"))
