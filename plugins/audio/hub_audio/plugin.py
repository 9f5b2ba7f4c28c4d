"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import ModelSpec, TaskSpec, hookimpl
from hub_audio.options import CTC, DETECTION, SPEECH, WHISPER

__all__ = ["hub_models", "hub_tasks"]


@hookimpl
def hub_tasks() -> list[TaskSpec]:
    """Give the tasks of sound; names and fields are those of Hugging Face."""
    return [
        TaskSpec(
            id="voice-activity-detection",
            inputs=("audio",),
            outputs=("segments",),
            summary="Find when somebody speaks.",
            samples="hub_audio.samples:sounds",
            fidelity="hub_audio.detection.fidelity:Spans",
        ),
        TaskSpec(
            id="text-to-speech",
            inputs=("text",),
            outputs=("audio",),
            summary="Say a text.",
            samples="hub_audio.samples:texts",
            fidelity="hub_audio.speech.fidelity:Spectra",
        ),
        TaskSpec(
            id="automatic-speech-recognition",
            inputs=("audio",),
            outputs=("text",),
            summary="Write what is said, with its times.",
            samples="hub_audio.samples:sounds",
            labelled="hub_audio.samples:spoken",
            fidelity="hub_audio.recognition.fidelity:Words",
        ),
    ]


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Give Silero VAD and Piper over `run`, Whisper over `generate`, and recognisers with CTC over `run`."""
    return [
        ModelSpec(
            id="silero-vad",
            task="voice-activity-detection",
            families=("silero-vad",),
            verbs=("run",),
            target="hub_audio.detection.model:VoiceActivity",
            options=DETECTION,
            claims="hub_audio.claims:silero",
            summary="Silero VAD, for whole sounds and for streams",
        ),
        ModelSpec(
            id="piper",
            task="text-to-speech",
            families=("piper",),
            verbs=("run",),
            target="hub_audio.speech.model:PiperVoice",
            needs={"run": ("*.onnx.json",)},
            options=SPEECH,
            claims="hub_audio.claims:piper",
            summary="Piper voices, read through espeak-ng",
        ),
        ModelSpec(
            id="whisper",
            task="automatic-speech-recognition",
            families=("whisper",),
            verbs=("generate",),
            target="hub_audio.recognition.whisper:Whisper",
            needs={"generate": ("tokenizer.json",)},
            options=WHISPER,
            claims="hub_audio.claims:whisper",
            summary="Whisper, for sound of any length",
        ),
        ModelSpec(
            id="speech-ctc",
            task="automatic-speech-recognition",
            families=("*",),
            verbs=("run",),
            target="hub_audio.recognition.ctc:SpeechCtc",
            needs={"run": ("vocab.json", "config.json")},
            options=CTC,
            claims="hub_audio.claims:ctc",
            summary="Recognisers with CTC: Wav2Vec2, HuBERT, WavLM and the like",
        ),
    ]
