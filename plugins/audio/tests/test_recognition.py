"""Whisper on speech whose words are known: through CTranslate2 as it ships, and through PyTorch once converted."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hub_audio.recognition.words import distance, plain_words
from hub_sound.reading import read
from hub_sound.writing import write

import hub
from hub.errors import InputError, OptionError
from hub.testing import ModelContract, Opening
from plugins.audio.tests.conftest import RATE, SENTENCES, TALE, sound

pytestmark = [pytest.mark.weights, pytest.mark.usefixtures("with_weights")]


@pytest.fixture(scope="module")
def whisper(audio_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(audio_home))
        opened = hub.load("whisper-tiny.en", backend="ctranslate2")
    yield opened
    opened.close()


def errors(text, wanted):
    """Share of the words that are wrong."""
    return distance(plain_words(wanted), plain_words(text)) / len(plain_words(wanted))


def test_speech_is_written_with_its_times(whisper, spoken):
    found = whisper.infer(sound(spoken))
    assert errors(found["text"], " ".join(SENTENCES)) <= 0.15
    assert found["language"] == "en"
    assert " ".join(chunk["text"] for chunk in found["chunks"]) == found["text"]
    times = [moment for chunk in found["chunks"] for moment in chunk["timestamp"]]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(len(spoken) / RATE, abs=0.5)


def test_without_times_there_are_no_chunks(whisper, spoken):
    found = whisper.infer(sound(spoken), timestamps=False)
    assert found.keys() == {"text", "language"}
    assert errors(found["text"], " ".join(SENTENCES)) <= 0.15


def test_long_sound_is_written_window_by_window(whisper, spoken, tale):
    """Nothing is lost or said twice where one window ends and the next begins."""
    told = " ".join([*SENTENCES, TALE])
    samples = np.concatenate([spoken, tale])
    pieces = list(whisper.stream(sound(samples)))
    words = plain_words("".join(pieces))
    assert len(samples) > 30 * RATE
    assert distance(plain_words(told), words) / len(plain_words(told)) <= 0.15
    assert [words.count(word) for word in ("ship", "captain", "stairs", "milk", "port")] == [1] * 5
    assert len(pieces) >= 2


def test_pieces_join_to_the_text(whisper, spoken):
    pieces = whisper.stream(sound(spoken))
    assert "".join(pieces) == pieces.result["text"]


def test_a_prompt_teaches_how_words_are_spelled(whisper, spoken):
    plain = whisper.infer(sound(spoken))["text"]
    british = whisper.infer(sound(spoken), prompt="The colour of the harbour.")["text"]
    assert "harbour" in british
    assert errors(british, plain) < 0.3


def test_silence_says_nothing(whisper):
    assert whisper.infer(sound(np.zeros(45 * RATE, np.float32))) == {"text": "", "language": "en", "chunks": []}


def test_a_few_samples_are_no_crash(whisper):
    assert isinstance(whisper.infer(sound(np.full(5, 0.1, np.float32)))["text"], str)


def test_another_language_is_refused_by_a_model_of_english(whisper, spoken):
    with pytest.raises(OptionError, match="English"):
        whisper.infer(sound(spoken), language="de")
    assert whisper.infer(sound(spoken), language="en")["text"]


def test_a_seed_is_refused_where_it_would_not_hold(whisper, spoken):
    with pytest.raises(OptionError, match="seed"):
        whisper.infer(sound(spoken), seed=1)


@pytest.mark.parametrize("given", [b"no sound at all", b"", "missing.wav", 7, (np.array(["a"]), RATE)])
def test_what_is_no_sound_is_refused(whisper, given):
    with pytest.raises(InputError):
        whisper.infer(given)


def test_ten_hours_are_heard_in_bounded_memory(audio_home, tmp_path, spoken):
    """A sparse file of ten hours with a few sentences at its end, in a process whose peak is measured."""
    import struct

    path, seconds = tmp_path / "long.wav", 36_000
    size = seconds * RATE * 2
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size))
        file.seek(44 + size - 2 * len(spoken))
        file.write((spoken * 32767).astype("<i2").tobytes())
    code = (
        "import hub, sys; from pathlib import Path\n"
        "with hub.load('whisper-tiny.en') as model:\n"
        "    found = model.infer(sys.argv[1])\n"
        "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]  # ru_maxrss has the parent's\n"
        "print(found['chunks'][0]['timestamp'][0], peak, found['text'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    start, peak, text = done.stdout.split(" ", 2)
    assert float(start) > seconds - 31
    assert int(peak) < 900_000
    assert errors(text, " ".join(SENTENCES)) <= 0.2


def test_a_file_through_the_command_and_a_pipe_between_models(run_hub, tmp_path, spoken):
    path = tmp_path / "speech.flac"
    path.write_bytes(write(read((spoken, RATE)), ".flac"))
    done = run_hub("run", "whisper-tiny.en", str(path))
    assert done.returncode == 0, done.stderr
    assert errors(done.stdout, " ".join(SENTENCES)) <= 0.1
    spoke = subprocess.run(
        [sys.executable, "-m", "hub", "run", "piper-joe", SENTENCES[0], "-o", "-"], capture_output=True, check=True
    )
    assert spoke.stdout[:4] == b"RIFF"
    heard = subprocess.run(
        [sys.executable, "-m", "hub", "run", "whisper-tiny.en", "-"],
        input=spoke.stdout,
        capture_output=True,
        check=True,
    )
    assert errors(heard.stdout.decode(), SENTENCES[0]) <= 0.2


def test_bytes_and_streams_are_heard_alike(whisper, spoken):
    content = write(read((spoken, RATE)), ".wav")
    assert whisper.infer(content)["text"] == whisper.infer(io.BytesIO(content))["text"]


def test_the_same_whisper_runs_through_torch_once_it_is_converted(spoken):
    pytest.importorskip("transformers")
    with hub.load("whisper-tiny.en", backend="ctranslate2") as model:
        wanted = model.infer(sound(spoken))
    with hub.load("whisper-tiny.en", backend="torch", dtype="float32") as model:
        given = model.infer(sound(spoken))
    assert errors(given["text"], wanted["text"]) <= 0.1  # they round differently
    times = ([moment for chunk in each["chunks"] for moment in chunk["timestamp"]] for each in (given, wanted))
    assert next(times) == pytest.approx(next(times), abs=0.5)


def test_eight_bits_write_nearly_the_same(spoken):
    with hub.load("whisper-tiny.en", backend="ctranslate2", compress="int8") as model:
        assert errors(model.infer(sound(spoken))["text"], " ".join(SENTENCES)) <= 0.12


class TestContract(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, audio_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(audio_home))
            return Opening.of("whisper-tiny.en", backend="ctranslate2")
