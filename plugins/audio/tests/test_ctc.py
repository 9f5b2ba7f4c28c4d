"""A small Wav2Vec2 that knows nothing, through torch, against transformers' own way from sound to text."""

import json

import numpy as np
import pytest

import hub
from hub.testing import ModelContract, Opening
from plugins.audio.tests.conftest import RATE, sound

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model, and the files that a tokenizer and a feature extractor of transformers write."""
    path = tmp_path_factory.mktemp("wav2vec2")
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(LETTERS), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, pad_token_id=0,
        initializer_range=1.0,
    )  # fmt: skip
    model = transformers.Wav2Vec2ForCTC(config).eval()
    model.lm_head.bias.data[
        1:4
    ] = -1000.0  # begin, end and unknown: transformers writes them out, and here they are not
    model.save_pretrained(path)
    (path / "vocab.json").write_text(json.dumps({letter: number for number, letter in enumerate(LETTERS)}))
    transformers.Wav2Vec2CTCTokenizer(str(path / "vocab.json")).save_pretrained(path)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(folder):
    with hub.load(str(folder), backend="torch", dtype="float32") as opened:
        yield opened


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def by_transformers(folder, samples):
    given = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folder)(
        samples, sampling_rate=RATE, return_tensors="pt"
    )
    bare = transformers.Wav2Vec2ForCTC.from_pretrained(folder).eval()
    with torch.no_grad():
        ids = bare(given.input_values).logits[0].argmax(-1)
    tokenizer = transformers.Wav2Vec2CTCTokenizer.from_pretrained(folder)
    return tokenizer.decode(ids, output_word_offsets=True)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 11.0])
def test_words_are_those_of_transformers(folder, model, seconds):
    samples = noise(seconds)
    wanted = by_transformers(folder, samples)
    given = model.infer(sound(samples))
    assert wanted["text"].split()
    assert given["text"].split() == wanted["text"].split()
    times = [
        [round(word[name] * 320 / RATE, 2) for name in ("start_offset", "end_offset")]
        for word in wanted["word_offsets"]
    ]
    assert [chunk["timestamp"] for chunk in given["chunks"]] == times


def test_long_sound_is_heard_in_windows_to_its_end(model):
    samples = noise(65.0)
    given = model.infer(sound(samples), window=10.0)
    ends = [chunk["timestamp"][1] for chunk in given["chunks"]]
    assert ends == sorted(ends)
    assert ends[-1] > 64
    assert ends[-1] <= 65.0


def test_without_times_there_are_no_chunks(model):
    assert model.infer(sound(noise(1.0)), timestamps=False).keys() == {"text"}


def test_a_few_samples_are_no_crash(model):
    assert isinstance(model.infer(sound(noise(0.001)))["text"], str)


class TestContract(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, folder):
        return Opening.of(str(folder), backend="torch")
