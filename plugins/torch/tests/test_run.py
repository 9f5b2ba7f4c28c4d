"""`run`: every task gives what transformers gives, and what a model cannot take is refused."""

import numpy as np
import pytest
import torch
from hub_torch.fixtures.folders import SIZES
from hub_torch.tasks import KINDS

from hub.errors import ContextOverflow, InferenceError, InputError
from hub.runtime.protocols import Tensor
from plugins.torch.tests.models_made import decoder, encoder, made

IDS = np.array([[5, 6, 7, 8], [9, 10, 11, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
TEXT = {"input_ids": IDS, "attention_mask": MASK}
TYPED = {**TEXT, "token_type_ids": np.zeros_like(IDS)}
LABELS = {"num_labels": 3}
HEADS = {
    "feature-extraction": ("AutoModel", {}, "last_hidden_state", (2, 4, 32)),
    "fill-mask": ("AutoModelForMaskedLM", {}, "logits", (2, 4, 100)),
    "text-classification": ("AutoModelForSequenceClassification", LABELS, "logits", (2, 3)),
    "text-ranking": ("AutoModelForSequenceClassification", {"num_labels": 1}, "logits", (2, 1)),
    "token-classification": ("AutoModelForTokenClassification", LABELS, "logits", (2, 4, 3)),
    "question-answering": ("AutoModelForQuestionAnswering", {}, "end_logits", (2, 4)),
}


def bare(model, feeds, name):
    with torch.inference_mode():
        return getattr(model(**{key: torch.from_numpy(value) for key, value in feeds.items()}), name).numpy()


@pytest.mark.parametrize("task", HEADS)
def test_an_encoder_gives_what_transformers_gives(tmp_path, opened, task):
    auto, config, name, shape = HEADS[task]
    model = encoder(tmp_path, auto, **config)
    session = opened(tmp_path, task, "run")
    found = session.run(TYPED)
    assert found[name].shape == shape
    np.testing.assert_allclose(found[name], bare(model, TYPED, name), atol=1e-6)


def test_inputs_and_outputs_are_declared_with_symbolic_sizes(tmp_path, opened):
    encoder(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    names = ("input_ids", "attention_mask", "token_type_ids")
    assert session.inputs == tuple(Tensor(name=name, dtype="int64", shape=("batch", "sequence")) for name in names)
    assert session.outputs == (Tensor(name="last_hidden_state", dtype="float32", shape=("batch", "sequence", 32)),)
    assert session.metadata["dtype"] == "float32"
    assert session.metadata["attention"] == "sdpa"


def test_a_model_without_segments_does_not_ask_for_them(tmp_path, opened):
    encoder(tmp_path, family="roberta", type_vocab_size=1, pad_token_id=1)
    session = opened(tmp_path, "feature-extraction", "run")
    assert [tensor.name for tensor in session.inputs] == ["input_ids", "attention_mask"]


def test_positions_behind_the_padding_id_do_not_count(tmp_path, opened):
    model = encoder(tmp_path, family="roberta", type_vocab_size=1, pad_token_id=1)
    session = opened(tmp_path, "feature-extraction", "run")
    ids = np.full((1, 62), 5)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    np.testing.assert_allclose(
        session.run(feeds)["last_hidden_state"], bare(model, feeds, "last_hidden_state"), atol=1e-6
    )
    ids = np.full((1, 63), 5)
    with pytest.raises(ContextOverflow, match="63 tokens are more than the 62"):
        session.run({"input_ids": ids, "attention_mask": np.ones_like(ids)})


def test_a_language_model_gives_the_scores_of_every_token(tmp_path, opened):
    model = decoder(tmp_path)
    session = opened(tmp_path, "text-generation", "run")
    found = session.run(TEXT)["logits"]
    np.testing.assert_allclose(found[0], bare(model, TEXT, "logits")[0], atol=1e-6)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_padding_on_the_left_does_not_move_the_positions(tmp_path, opened, family):
    if family == "llama":
        decoder(tmp_path)
    else:
        made(tmp_path, "gpt2", "AutoModelForCausalLM", vocab_size=100, n_positions=32, n_embd=32, n_layer=2, n_head=4)
    session = opened(tmp_path, "text-generation", "run")
    alone = session.run({"input_ids": IDS[:1, :3], "attention_mask": MASK[:1, :3]})["logits"]
    ids = np.array([[0, 5, 6, 7]])
    padded = session.run({"input_ids": ids, "attention_mask": np.array([[0, 1, 1, 1]])})["logits"]
    np.testing.assert_allclose(padded[:, 1:], alone, atol=1e-5)


def test_an_image_classifier_takes_pixels_of_its_size(tmp_path, opened):
    model = made(tmp_path, "vit", "AutoModelForImageClassification", image_size=16, patch_size=8, **LABELS, **SIZES)
    session = opened(tmp_path, "image-classification", "run")
    assert session.inputs == (Tensor(name="pixel_values", dtype="float32", shape=("batch", 3, 16, 16)),)
    feeds = {"pixel_values": np.random.default_rng(0).random((2, 3, 16, 16), dtype=np.float32)}
    np.testing.assert_allclose(session.run(feeds)["logits"], bare(model, feeds, "logits"), atol=1e-6)


def test_speech_is_read_by_frames(tmp_path, opened):
    sizes = {**SIZES, "conv_dim": (16, 16), "conv_stride": (2, 2), "conv_kernel": (3, 3), "vocab_size": 20}
    model = made(
        tmp_path, "wav2vec2", "AutoModelForCTC", num_feat_extract_layers=2, num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4, **sizes,
    )  # fmt: skip
    session = opened(tmp_path, "automatic-speech-recognition", "run")
    feeds = {"input_values": np.random.default_rng(0).random((2, 400), dtype=np.float32)}
    np.testing.assert_allclose(session.run(feeds)["logits"], bare(model, feeds, "logits"), atol=1e-5)


def test_every_way_to_answer_names_a_class_of_transformers():
    import transformers

    assert [kind.auto for kind in KINDS.values() if not hasattr(transformers, kind.auto)] == []


@pytest.mark.parametrize(("name", "wrong"), [("input_ids", 100), ("input_ids", -1), ("token_type_ids", 2)])
def test_ids_that_no_embedding_has_are_refused(tmp_path, opened, name, wrong):
    encoder(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    with pytest.raises(InputError, match=f"{name} holds {wrong}; the model knows ids from 0 to"):
        session.run({**TYPED, name: np.full_like(IDS, wrong)})


def test_a_text_longer_than_the_model_is_refused_and_not_cut(tmp_path, opened):
    encoder(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    long = np.ones((1, 65), np.int64)
    with pytest.raises(ContextOverflow, match="65 tokens are more than the 64"):
        session.run({"input_ids": long, "attention_mask": long, "token_type_ids": long * 0})


def test_a_feed_that_may_not_be_written_is_taken(tmp_path, opened):
    encoder(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    frozen = {name: array.copy() for name, array in TYPED.items()}
    for array in frozen.values():
        array.flags.writeable = False
    np.testing.assert_array_equal(session.run(frozen)["last_hidden_state"], session.run(TYPED)["last_hidden_state"])


def test_the_threads_of_the_process_stay_what_they_were(tmp_path, opened):
    encoder(tmp_path)
    before = torch.get_num_threads()
    opened(tmp_path, "feature-extraction", "run", threads=before + 1).run(TYPED)
    assert torch.get_num_threads() == before


def test_a_weight_that_is_no_number_is_named(tmp_path, opened):
    model = encoder(tmp_path)
    with torch.no_grad():
        model.encoder.layer[1].output.dense.weight[3, 4] = torch.nan
    model.save_pretrained(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    with pytest.raises(InferenceError, match=r"weights do: encoder\.layer\.1\.output\.dense\.weight \(1 of 2048"):
        session.run(TYPED)


def test_the_layer_where_numbers_grew_too_large_is_named(tmp_path, opened):
    model = encoder(tmp_path)
    with torch.no_grad():
        model.encoder.layer[1].intermediate.dense.weight.fill_(1e38)
    model.save_pretrained(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run")
    with pytest.raises(InferenceError, match=r"it began in layer encoder\.layer\.1\.\S+ \(\w+\)"):
        session.run(TYPED)


def test_bfloat16_gives_nearly_the_same(tmp_path, opened):
    model = encoder(tmp_path)
    session = opened(tmp_path, "feature-extraction", "run", dtype="bfloat16")
    assert session.metadata["dtype"] == "bfloat16"
    found, right = session.run(TYPED)["last_hidden_state"], bare(model, TYPED, "last_hidden_state")
    assert found.dtype == np.float32
    assert 0.999 < (found * right).sum() / np.linalg.norm(found) / np.linalg.norm(right) < 1
