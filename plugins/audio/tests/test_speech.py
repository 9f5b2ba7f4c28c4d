"""A Piper voice: what it says, its options, and what it does not read."""

import json
import logging
import shutil

import numpy as np
import pytest

import hub
from hub.errors import HubError, InferenceError, InputError, OptionError
from hub.testing import ModelContract, Opening

pytestmark = [pytest.mark.weights, pytest.mark.usefixtures("with_weights")]
STILL = {"noise": 0.0, "noise_w": 0.0}


@pytest.fixture(scope="module")
def voice(audio_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(audio_home))
        opened = hub.load("piper-joe")
    yield opened
    opened.close()


def test_a_text_is_said_at_full_scale_and_at_the_voices_rate(voice):
    sound = voice.infer("The boat left the harbour.")
    assert (sound.rate, sound.channels) == (22_050, 1)
    assert 1.0 < sound.duration < 3.0
    assert np.abs(sound.samples()).max() == pytest.approx(1.0, abs=1e-3)


def test_without_noise_it_says_the_same_again(voice):
    one, other = (voice.infer("Say it again.", **STILL).samples() for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert len(voice.infer("Say it again.").samples()) != len(one) or not np.array_equal(
        voice.infer("Say it again.").samples(), one
    )


def test_speed_shortens_it(voice):
    text = "One, two, three, four, five, six."
    plain, fast, slow = (voice.infer(text, speed=speed, **STILL).duration for speed in (1.0, 2.0, 0.5))
    assert 0.45 < fast / plain < 0.65
    assert 1.7 < slow / plain < 2.1


def test_sentences_are_joined_with_silence(voice):
    text = "It rained. We stayed."
    short, long = (voice.infer(text, silence=silence, **STILL) for silence in (0.0, 1.0))
    assert long.duration - short.duration == pytest.approx(1.0, abs=1e-3)
    quiet = np.abs(long.samples()) == 0
    assert quiet.sum() >= 22_050


def test_volume_scales_it(voice):
    assert np.abs(voice.infer("Hello.", volume=0.25).samples()).max() == pytest.approx(0.25, abs=1e-3)
    assert np.abs(voice.infer("Hello.", volume=0.0).samples()).max() == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("...", "nothing in the text"),
        ("Привет, мир", "Cyrillic"),
        ("日本語です", "Cjk"),
        ("Hello, 世界", "Cjk"),
        (3, "int"),
        (None, "NoneType"),
        (b"Hello", "bytes"),
    ],
)
def test_what_it_cannot_say_is_refused_with_the_reason(voice, text, reason):
    with pytest.raises(InputError, match=reason):
        voice.infer(text)


def test_a_single_letter_of_another_alphabet_is_read(voice):
    assert voice.infer("The area is π times r squared.").duration > 1.0


def test_a_speaker_that_it_has_not_is_refused(voice):
    with pytest.raises(OptionError, match="one speaker"):
        voice.infer("Hello.", speaker="anna")


def test_a_long_text_is_said_to_its_end(voice):
    sound = voice.infer(" ".join(f"This is sentence number {number}." for number in range(16)), silence=0.0, **STILL)
    assert 16 < sound.duration < 64


@pytest.fixture
def copied(voice, tmp_path):
    """A copy of the voice, to be damaged, and its JSON."""
    folder = hub.pull("piper-joe").path
    for path in folder.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    path = tmp_path / "en_US-joe-medium.onnx.json"
    return tmp_path, json.loads(path.read_text()), path


def test_a_voice_of_a_folder_is_told_by_its_files(copied):
    with hub.load(str(copied[0])) as voice:
        assert voice.task == "text-to-speech"
        assert voice.infer("Hello.").duration > 0.3


@pytest.mark.parametrize("lacks", ["audio", "espeak", "phoneme_id_map"])
def test_a_voice_that_lacks_something_is_named(copied, lacks):
    folder, content, path = copied
    del content[lacks]
    path.write_text(json.dumps(content))
    with pytest.raises(InferenceError, match=lacks):
        hub.load(str(folder)).close()


def test_a_voice_whose_json_is_broken_is_named(copied):
    copied[2].write_text("{")
    with pytest.raises(HubError, match=r"onnx\.json"):
        hub.load(str(copied[0])).close()


def test_phonemes_that_the_voice_lacks_are_told(copied, caplog):
    folder, content, path = copied
    del content["phoneme_id_map"]["θ"]
    path.write_text(json.dumps(content))
    with hub.load(str(folder)) as voice, caplog.at_level(logging.WARNING, "hub_audio"):
        voice.infer("Three things.")
    assert "θ" in caplog.text


@pytest.fixture
def choir(copied):
    """A voice of two, whose graph gives back the ids that it gets and the speaker's number."""
    onnx = pytest.importorskip("onnx")
    folder, content, path = copied
    make, kind = onnx.helper, onnx.TensorProto
    inputs = [("input", kind.INT64, ["b", "n"]), ("input_lengths", kind.INT64, ["b"]), ("scales", kind.FLOAT, [3])]
    nodes = [
        make.make_node("Reshape", ["sid", "row"], ["one"]),
        make.make_node("Concat", ["input", "one"], ["all"], axis=1),
        make.make_node("Cast", ["all"], ["output"], to=kind.FLOAT),
    ]
    graph = make.make_graph(
        nodes,
        "choir",
        [make.make_tensor_value_info(*each) for each in [*inputs, ("sid", kind.INT64, ["b"])]],
        [make.make_tensor_value_info("output", kind.FLOAT, ["b", "m"])],
        [make.make_tensor("row", kind.INT64, [2], [1, 1])],
    )
    onnx.save(make.make_model(graph, ir_version=8, opset_imports=[make.make_opsetid("", 17)]), path.with_suffix(""))
    content |= {"num_speakers": 2, "speaker_id_map": {"anna": 0, "otto": 1}}
    path.write_text(json.dumps(content))
    return folder


def test_a_speaker_is_chosen_by_name_or_number(choir):
    with hub.load(str(choir)) as voice:
        spoken = {who: voice.infer("Hello.", speaker=who).samples()[-1] for who in (None, "anna", "otto", "0", "1")}
        assert spoken["otto"] == spoken["1"] > 0
        assert spoken["anna"] == spoken["0"] == spoken[None] == 0
        for wrong in ("2", "emil"):
            with pytest.raises(OptionError, match="anna, otto"):
                voice.infer("Hello.", speaker=wrong)


def test_a_worker_speaks_alike(voice):
    with hub.load("piper-joe", worker=True) as other:
        text = "Far from here."
        np.testing.assert_allclose(
            other.infer(text, **STILL).samples(), voice.infer(text, **STILL).samples(), atol=1e-3
        )


class TestContract(ModelContract):
    call_options = STILL

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, audio_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(audio_home))
            return Opening.of("piper-joe", backend="onnx")

    def assert_agrees(self, one, other):
        np.testing.assert_allclose(one.samples(), other.samples(), atol=1e-3)
