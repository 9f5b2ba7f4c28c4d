"""Sentence embeddings: a graph that is recorded, and the real models behind the public API."""

import logging

import numpy as np
import pytest
from hub_text.embedding.model import SentenceEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers, processors

import hub
from hub.errors import ContextOverflow, InferenceError, InputError, OptionError
from hub.runtime.protocols import Session, Tensor
from hub.types import Facts

OPTIONS = {"normalize": None, "batch_size": 32, "truncate": False}
FACTS = Facts(task="feature-extraction", family="bert", format="onnx", files=())
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "é"]


class Graph(Session):
    """Gives ids back as hidden states of two numbers, and keeps its feeds."""

    def __init__(self, *names, output="last_hidden_state"):
        self.inputs = tuple(Tensor(name=name, dtype="int32", shape=("n", "t")) for name in names)
        self.outputs = (Tensor(name="pooler_output", dtype="float32", shape=("n", 2)), _hidden(output))
        self.fed = []

    def run(self, feeds, wanted=None):
        self.fed.append(feeds)
        ids = feeds["input_ids"].astype(np.float32)
        return {wanted[0]: np.stack([ids, np.ones_like(ids)], axis=-1)}


def _hidden(name):
    shape = ("n", 2) if name == "sentence_embedding" else ("n", "t", 2)
    return Tensor(name=name, dtype="float32", shape=shape)


@pytest.fixture
def folder(tmp_path):
    """A tokenizer of eight words, with the truncation and padding that a training run left in it."""
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=4)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 6}')
    return tmp_path


def model(folder, *names, output="last_hidden_state"):
    graph = Graph(*(names or ("input_ids", "attention_mask")), output=output)
    return SentenceEmbedding({"": graph}, "run", folder, FACTS), graph


def infer(embedder, texts, **options):
    return embedder.infer(texts, {**OPTIONS, **options}, lambda _: False)


def test_only_what_the_graph_names_is_fed_in_its_dtype(folder):
    embedder, graph = model(folder, "input_ids", "attention_mask", "position_ids")
    infer(embedder, ["a cat", "dog"])
    (fed,) = graph.fed
    assert set(fed) == {"input_ids", "attention_mask", "position_ids"}
    assert {feed.dtype.name for feed in fed.values()} == {"int32"}
    assert fed["input_ids"].tolist() == [[2, 6, 3, 0], [2, 4, 5, 3]]
    assert fed["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


def test_truncation_and_padding_inside_the_tokenizer_do_not_hold(folder):
    embedder, graph = model(folder)
    infer(embedder, ["a cat a cat"])
    assert graph.fed[0]["input_ids"].tolist() == [[2, 4, 5, 4, 5, 3]]


def test_results_come_in_the_order_of_the_inputs(folder):
    embedder, graph = model(folder)
    texts = ["a cat a cat", "a", "a dog dog", "", "dog"]
    together = infer(embedder, texts, batch_size=2, normalize=False)
    assert [len(fed["input_ids"]) for fed in graph.fed] == [2, 2, 1]
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(vector, infer(embedder, [text], normalize=False)[0])


def test_a_text_that_is_too_long_is_refused_and_all_of_them_are_named(folder):
    embedder, graph = model(folder)
    with pytest.raises(ContextOverflow, match="2 of 3 texts are longer than the 6 tokens") as caught:
        infer(embedder, ["a a a a a", "a", "a a a a a a"])
    assert caught.value.details == ("input 0: 7 tokens", "input 2: 8 tokens")
    assert graph.fed == []


def test_a_text_is_cut_on_demand_keeps_its_end_token_and_is_reported(folder, caplog):
    embedder, graph = model(folder)
    with caplog.at_level(logging.WARNING, "hub_text"):
        infer(embedder, ["a cat dog a cat dog"], truncate=True)
    assert graph.fed[0]["input_ids"].tolist() == [[2, 4, 5, 6, 4, 3]]
    assert "input 0: 8 tokens, cut to the first 6" in caplog.text


def test_what_no_file_says_is_reported(folder, caplog):
    with caplog.at_level(logging.WARNING, "hub_text"):
        model(folder)
    assert "no modules.json says how to pool" in caplog.text


def test_a_graph_that_pools_by_itself_is_left_to_it(folder, caplog):
    embedder, _ = model(folder, output="sentence_embedding")
    assert embedder._output == "sentence_embedding"
    assert caplog.text == ""


def test_a_graph_that_wants_more_than_text_gives_is_refused(folder):
    with pytest.raises(InferenceError, match="pixel_values"):
        model(folder, "input_ids", "pixel_values")


def test_a_broken_tokenizer_is_named(folder):
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(InferenceError, match=r"tokenizer.json cannot be read"):
        model(folder)


@pytest.mark.parametrize("item", [None, 7, ["a"]])
def test_what_is_no_text_is_refused(folder, item):
    with pytest.raises(InputError, match="input 1"):
        infer(model(folder)[0], ["a", item])


class Vectors(Session):
    """A runtime that gives vectors, two texts at most in a call."""

    def embed(self, texts):
        assert len(texts) <= 2
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_a_runtime_that_embeds_is_given_batches_of_texts(tmp_path):
    embedder = SentenceEmbedding({"": Vectors()}, "embed", tmp_path, FACTS)
    found = infer(embedder, ["a", "bb", "ccc"], batch_size=2, normalize=False)
    assert [vector[0] for vector in found] == [1, 2, 3]
    assert np.linalg.norm(infer(embedder, ["a"])[0]) == pytest.approx(1)
    with pytest.raises(OptionError, match="does not cut"):
        infer(embedder, ["a"], truncate=True)


SENTENCES = [
    "A man is eating food.",
    "A man is eating a meal.",
    "The girl is carrying a baby.",
    "Das Wetter ist schön.",
]


@pytest.fixture(scope="module", params=["onnx", "onnx-int8"])
def minilm(request, weights_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        with hub.load(f"all-minilm-l6-v2:{request.param}", threads=2) as loaded:
            yield loaded


@pytest.mark.weights
def test_paraphrases_are_near_and_other_texts_are_not(minilm):
    vectors = minilm.infer(SENTENCES)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[1] > 0.7
    assert abs(vectors[0] @ vectors[2]) < 0.25


@pytest.mark.weights
def test_the_size_of_the_batch_does_not_change_a_vector(minilm):
    texts = [*SENTENCES, "", "猫", "a " * 200]
    np.testing.assert_allclose(minilm.infer(texts), minilm.infer(texts, batch_size=1), atol=5e-2)


@pytest.mark.weights
def test_a_text_of_more_than_256_tokens_is_refused(minilm):
    with pytest.raises(ContextOverflow, match="256 tokens"):
        minilm.infer("word " * 300)


@pytest.mark.weights
def test_eight_bits_stay_near_to_thirty_two(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    found = []
    for variant in ("onnx", "onnx-int8"):
        with hub.load(f"all-minilm-l6-v2:{variant}", threads=2) as loaded:
            found.append(loaded.infer(SENTENCES[:3]))
    assert np.sum(found[0] * found[1], axis=1).min() > 0.9995
