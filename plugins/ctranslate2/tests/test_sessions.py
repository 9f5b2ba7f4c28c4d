"""Sessions of CTranslate2 against transformers on models made here, and what they refuse."""

import shutil

import numpy as np
import pytest
from hub_ctranslate2.backend import open_model

from hub.errors import ContextOverflow, InferenceError, InputError
from hub.runtime.protocols import Generate, OpenRequest, Sampling
from hub.testing import BackendContract, Opening
from hub.types import Facts
from plugins.ctranslate2.tests.models_made import make_translator

START, END, ENGLISH, WRITE, TIMELESS = 50_258, 50_257, 50_259, 50_359, 50_363


def opened(folder, task="automatic-speech-recognition", **given):
    facts = Facts(task=task, family="", format="ctranslate2", files=(), parts={"": ("model.bin",)})
    return open_model(OpenRequest(path=folder, verb="generate", device="cpu", facts=facts, **given))


@pytest.fixture(scope="module")
def whisper(made):
    session = opened(made.ctranslate2, options={"threads": 2})
    yield session
    session.close()


def features(rows=1, seed=0):
    return np.random.default_rng(seed).normal(0, 0.5, (rows, 80, 3000)).astype(np.float32)


def request(*prompts, rows=None, **given):
    sampling = Sampling(max_tokens=given.pop("max_tokens", 12), temperature=given.pop("temperature", 0.0))
    feeds = {"input_features": features(rows or len(prompts))}
    return Generate(prompts=prompts, feeds=feeds, sampling=sampling, eos=given.pop("eos", (END,)), **given)


def silent(_):
    return False


def test_tokens_are_those_of_transformers(made, whisper):
    transformers = pytest.importorskip("transformers")
    import torch

    model = transformers.WhisperForConditionalGeneration.from_pretrained(made.safetensors)
    for times, prompt in ((True, (START, ENGLISH, WRITE)), (False, (START, ENGLISH, WRITE, TIMELESS))):
        wanted = model.generate(
            torch.from_numpy(features()), language="en", task="transcribe", return_timestamps=times, max_new_tokens=12
        )[0].tolist()
        given = whisper.generate(request(prompt, suppress=(1, 2, 7, START)), silent)[0]
        assert list(given.ids) == wanted[: len(given.ids)]  # transformers goes on behind the last time
        assert len(given.ids) == 12 or wanted[len(given.ids)] == END
        assert given.prompt_tokens == len(prompt)


def test_beams_find_what_is_likelier(made, whisper):
    asked = request((START, ENGLISH, WRITE, TIMELESS))
    session = opened(made.ctranslate2, options={"threads": 2, "beam_size": 5})
    found, greedy = (each.generate(asked, silent)[0] for each in (session, whisper))
    session.close()
    assert found.ids != greedy.ids
    assert found.measures["logprob"] >= greedy.measures["logprob"]


def test_prompts_of_two_lengths_are_answered_in_their_order(whisper):
    prompts = [(START, ENGLISH, WRITE, TIMELESS), (50_361, 5, 6, START, ENGLISH, WRITE, TIMELESS)]
    together = whisper.generate(request(*prompts), silent)
    for row, prompt in enumerate(prompts):
        feeds = {"input_features": features(2)[row : row + 1]}
        alone = whisper.generate(Generate(prompts=(prompt,), feeds=feeds, sampling=Sampling(max_tokens=12)), silent)[0]
        assert alone.ids == together[row].ids


@pytest.mark.parametrize("most", [1, 5, 224, 300, 440])
def test_max_tokens_is_obeyed(whisper, most):
    found = whisper.generate(request((START, ENGLISH, WRITE, TIMELESS), max_tokens=most, eos=()), silent)[0]
    assert len(found.ids) <= most
    assert found.finish == ("length" if len(found.ids) == most else "stop")


def test_it_says_how_sure_it_is(whisper):
    measures = whisper.generate(request((START, ENGLISH, WRITE, TIMELESS)), silent)[0].measures
    assert measures["logprob"] < 0
    assert 0 <= measures["no_speech"] <= 1


def test_the_start_alone_is_answered_with_the_language(whisper):
    found = whisper.generate(request((START,), max_tokens=1), silent)[0]
    assert len(found.ids) == 1
    assert START < found.ids[0] < 50_358


def test_a_temperature_varies_the_answer(whisper):
    prompt = (START, ENGLISH, WRITE, TIMELESS)
    answers = {whisper.generate(request(prompt, temperature=1.0), silent)[0].ids for _ in range(4)}
    assert len(answers) > 1


@pytest.mark.parametrize(
    ("prompts", "rows", "error", "reason"),
    [
        (((START, 60_000),), 1, InputError, "60000"),
        (((ENGLISH, WRITE),), 1, InputError, "start"),
        (((START,) * 448,), 1, ContextOverflow, "448"),
        (((START, ENGLISH),), 2, InputError, "2 inputs"),
    ],
)
def test_what_it_cannot_answer_is_refused(whisper, prompts, rows, error, reason):
    with pytest.raises(error, match=reason):
        whisper.generate(request(*prompts, rows=rows), silent)


def test_eight_bits_are_a_step_of_loading(made):
    session = opened(made.ctranslate2, load_steps={"int8": {}})
    assert session.metadata["compute_type"].startswith("int8")
    session.close()


def test_a_type_that_the_device_lacks_is_named(made):
    with pytest.raises(InferenceError, match="float16"):
        opened(made.ctranslate2, options={"compute_type": "float16"})


@pytest.mark.parametrize("damage", ["cut", "pickle", "empty", "no vocabulary", "no config"])
def test_damaged_files_are_named(made, tmp_path, damage):
    for path in made.ctranslate2.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    weights = tmp_path / "model.bin"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:100_000])
    elif damage == "no vocabulary":
        (tmp_path / "vocabulary.json").unlink()
    elif damage == "no config":
        (tmp_path / "config.json").write_text("{")
    else:
        weights.write_bytes(b"" if damage == "empty" else b"\x80\x02}q\x00." * 100)
    with pytest.raises(InferenceError):
        opened(tmp_path).close()


@pytest.mark.parametrize("beams", [1, 3])
def test_a_translator_gives_the_tokens_of_transformers(tmp_path, beams):
    transformers = pytest.importorskip("transformers")
    import torch

    made = make_translator(tmp_path)
    model = transformers.MarianMTModel.from_pretrained(made.safetensors)
    ids = np.array([[5, 9, 12, 0], [7, 3, 0, 63]])
    mask = (ids != 63).astype(np.int64)
    session = opened(made.ctranslate2, task="translation", options={"beam_size": beams})
    emitted = {0: (), 1: ()}

    def emit(delta):
        emitted[delta.index] += delta.ids
        return False

    found = session.generate(
        Generate(prompts=((63,), (63,)), feeds={"input_ids": ids, "attention_mask": mask},
                 sampling=Sampling(max_tokens=10), eos=(0,)),
        emit,
    )  # fmt: skip
    session.close()
    for row, each in enumerate(found):
        wanted = model.generate(
            torch.from_numpy(ids[row : row + 1]), attention_mask=torch.from_numpy(mask[row : row + 1]), num_beams=beams,
            do_sample=False, max_new_tokens=10, bad_words_ids=[[63]],
        )[0].tolist()[1:]  # fmt: skip
        assert list(each.ids) == (wanted[: wanted.index(0)] if 0 in wanted else wanted)
        assert emitted[row] == each.ids


class TestContract(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, made):
        return Opening.of(str(made.ctranslate2), backend="ctranslate2", threads=1)
