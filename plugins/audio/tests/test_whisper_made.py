"""A small Whisper of many languages that knows nothing, through both backends: plan, prompts, tokens."""

import shutil

import numpy as np
import pytest
from hub_audio.recognition.tokens import WhisperTokens

import hub
from hub.errors import InferenceError, OptionError
from hub.testing import ModelContract, Opening
from plugins.audio.tests.conftest import RATE, sound
from plugins.ctranslate2.tests.models_made import make_whisper

pytest.importorskip("transformers")
QUICK = {"max_tokens": 16, "fallback": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def noise():
    return sound(np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32))


@pytest.fixture(scope="module")
def tokens(made):
    return WhisperTokens(made.ctranslate2 / "tokenizer.json")


def test_a_prompt_says_language_task_and_whether_times_are_wanted(tokens):
    start, german, write, translate, timeless = 50_258, tokens.languages["de"], 50_359, 50_358, 50_363
    assert tokens.prompt("de", translate=False, times=True) == (start, german, write)
    assert tokens.prompt("de", translate=True, times=False) == (start, german, translate, timeless)
    assert tokens.prompt("de", translate=False, times=True, before=[7]) == (50_361, 7, start, german, write)


def test_a_model_of_english_is_told_no_language(tmp_path):
    tokens = WhisperTokens(make_whisper(tmp_path, multilingual=False).ctranslate2 / "tokenizer.json")
    assert tokens.languages == {}
    assert tokens.prompt("en", translate=False, times=True) == (50_257,)
    with pytest.raises(OptionError, match="English"):
        tokens.check_language("de")


def test_languages_are_known_by_their_codes(tokens):
    assert tokens.check_language("DE") == "de"
    with pytest.raises(OptionError, match="klingon"):
        tokens.check_language("klingon")
    assert tokens.language_of(tokens.languages["es"]) == "es"
    assert tokens.language_of(3) is None


def test_both_backends_hear_the_same_language_and_text(made, noise):
    found = []
    for folder, backend in ((made.ctranslate2, "ctranslate2"), (made.safetensors, "torch")):
        with hub.load(str(folder), backend=backend) as model:
            assert model.task == "automatic-speech-recognition"
            found.append(model.infer(noise, **QUICK))
    assert found[0]["language"] == found[1]["language"] != ""
    assert found[0] == found[1]


def test_a_given_language_is_kept(made, noise):
    with hub.load(str(made.ctranslate2), backend="ctranslate2") as model:
        assert model.infer(noise, language="es", **QUICK)["language"] == "es"
        assert model.infer(noise, language="es", translate=True, timestamps=False, **QUICK).keys() == {
            "text",
            "language",
        }


def test_a_seed_holds_through_torch(made, noise):
    with hub.load(str(made.safetensors), backend="torch") as model:
        answers = [model.infer(noise, temperature=1.0, seed=seed, **QUICK)["text"] for seed in (1, 1, 2)]
    assert answers[0] == answers[1] != answers[2]


def test_a_vocabulary_that_is_not_there_is_named(made, tmp_path):
    for path in made.ctranslate2.iterdir():
        if path.name != "vocabulary.json":
            shutil.copyfile(path, tmp_path / path.name)
    with pytest.raises(InferenceError, match="vocabulary"):
        hub.load(str(tmp_path), backend="ctranslate2").close()


def test_a_tokenizer_of_another_family_is_named(made, tmp_path):
    from tokenizers import Tokenizer, models

    for path in made.ctranslate2.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(InferenceError, match="no Whisper"):
        hub.load(str(tmp_path), backend="ctranslate2").close()


class TestContract(ModelContract):
    call_options = QUICK

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, made):
        return Opening.of(str(made.ctranslate2), backend="ctranslate2")
