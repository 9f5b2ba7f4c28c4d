"""Hearing, writing and speaking through hub beside the packages that people use for it, on the same sound.

A Piper voice says twenty sentences of the Harvard lists (IEEE, 1969), so that every word is known. Then Silero VAD
finds them, and Whisper writes them: word error rate, seconds beside those of the bare package, and how many times
faster than the sound itself. Both sides take turns with the same threads, and the median of the ratios is the figure.
Peers are silero-vad, piper-tts and faster-whisper, greedy and without noise on both sides; they are read from a folder:

    pip install --no-deps --target .cache/peers silero-vad==6.2.3 piper-tts==1.8.0 faster-whisper==1.2.1 av pathvalidate
    python benchmarks/audio.py --peers .cache/peers

On a machine that does other things too, `--busy` gives ratios that hold. Without peers hub is measured alone. Weights
are pulled if they are not here. Fails below a ratio of 0.95, where writing is less than 5 times faster than the sound,
or speaking less than 10. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hub_audio.recognition.words import distance, plain_words
from spoken import SENTENCES

import hub
from hub.cpus import allowed_cpus

ALL = len(allowed_cpus())
BUSY = "--busy" in sys.argv
THREADS = 1 if BUSY else ALL
CLOCK = time.process_time if BUSY else time.perf_counter
RATE = 16_000
LEAST, WRITES, SPEAKS = 0.95, 5.0, 10.0
STILL = {"noise": 0.0, "noise_w": 0.0}
TEXT = " ".join(SENTENCES)

Call = Callable[[], Any]
Array = np.ndarray[Any, np.dtype[Any]]


def race(ours: Call, theirs: Call | None, rounds: int) -> tuple[float, float | None]:
    """Median seconds of ours, and the median of theirs / ours; both are called once before."""
    ours()
    if theirs is not None:
        theirs()
    spent, ratios = [], []
    for turn in range(rounds):
        sides = [ours] if theirs is None else [ours, theirs] if turn % 2 else [theirs, ours]
        seconds = {}
        for side in sides:
            began = CLOCK()
            side()
            seconds[side] = CLOCK() - began
        spent.append(seconds[ours])
        if theirs is not None:
            ratios.append(seconds[theirs] / seconds[ours])
    return statistics.median(spent), statistics.median(ratios) if ratios else None


def wrong(text: str) -> float:
    """Word error rate against what was said."""
    wanted = plain_words(TEXT)
    return distance(wanted, plain_words(text)) / len(wanted)


def speaking(peers: bool, rounds: int) -> tuple[dict[str, Any], list[Array]]:
    """Text to sound: the figures, and sounds at 16 kHz of five sentences each."""
    theirs = None
    with hub.load("piper-joe", threads=THREADS) as voice:
        if peers:
            from piper import PiperVoice, SynthesisConfig  # type: ignore[import-not-found]

            graph = next(hub.pull("piper-joe").path.glob("*.onnx"))
            bare, still = PiperVoice.load(graph), SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
            bare.session = _with_threads(graph)

            def theirs() -> Any:  # Any: chunks of its own
                return list(bare.synthesize(TEXT, still))

        spent, ratio = race(lambda: voice.infer(TEXT, silence=0.0, **STILL), theirs, rounds)
        texts = [" ".join(SENTENCES[start : start + 5]) for start in range(0, len(SENTENCES), 5)]
        sounds = [0.5 * sound.samples(RATE) for sound in voice.infer(texts, silence=0.4, **STILL)]
        length = voice.infer(TEXT, silence=0.0, **STILL).duration
    return {"seconds": spent, "of_sound": length / spent, "ratio": ratio}, sounds


def _with_threads(graph: Path) -> Any:  # Any: onnxruntime has no types
    """The graph of a voice, which piper-tts itself opens with as many threads as there are cores."""
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def detecting(sound: Array, form: str, peers: bool, rounds: int) -> dict[str, Any]:
    """Sound to segments; those of the peer must be the same to a hundredth of a second."""
    theirs = None
    given = {"array": sound, "sampling_rate": RATE}
    with hub.load(f"silero-vad:{form}", threads=1) as model:
        if peers:
            import silero_vad  # type: ignore[import-not-found]

            whole = form == "onnx-sequence"
            bare = silero_vad.load_silero_vad(sequence=True) if whole else silero_vad.load_silero_vad(onnx=True)
            find = silero_vad.get_speech_timestamps_sequence if whole else silero_vad.get_speech_timestamps

            def theirs() -> Any:  # Any: segments of its own
                return find(sound, bare, return_seconds=True, time_resolution=3)

            for one, other in zip(model.infer(given), theirs(), strict=True):
                assert all(abs(one[name] - other[name]) < 0.01 for name in ("start", "end")), (one, other)
        spent, ratio = race(lambda: model.infer(given), theirs, rounds)
    return {"seconds": spent, "of_sound": len(sound) / RATE / spent, "ratio": ratio}


def writing(sounds: list[Array], how: dict[str, Any], peers: bool, rounds: int) -> dict[str, Any]:
    """Sounds to text, each in one window, beside faster-whisper where it computes the same."""
    theirs, error = None, None
    given = [{"array": sound, "sampling_rate": RATE} for sound in sounds]
    with hub.load("whisper-tiny.en", threads=THREADS, **how) as model:
        if peers and how["backend"] == "ctranslate2":
            from faster_whisper import WhisperModel  # type: ignore[import-not-found]

            kind = how.get("compress") or "float32"
            bare = WhisperModel(str(hub.pull("whisper-tiny.en").path), compute_type=kind, cpu_threads=THREADS)

            def theirs() -> str:
                options = {"beam_size": 1, "language": "en", "condition_on_previous_text": False}
                return " ".join(piece.text for sound in sounds for piece in bare.transcribe(sound, **options)[0])

            error = wrong(theirs())
        spent, ratio = race(lambda: model.infer(given), theirs, rounds)
        text = " ".join(each["text"] for each in model.infer(given))
    return {
        "seconds": spent,
        "of_sound": sum(map(len, sounds)) / RATE / spent,
        "ratio": ratio,
        "word_error_rate": wrong(text),
        "word_error_rate_of_peer": error,
    }


def show(name: str, row: dict[str, Any]) -> None:
    """A line of figures, as soon as it is known."""
    shown = {key: value for key, value in row.items() if value is not None}
    print(f"{name:<28}", "  ".join(f"{key} {value:.3f}" for key, value in shown.items()), flush=True)


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder that the peers were installed into")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--busy", action="store_true", help="one thread, and seconds of the processor for the clock's")
    given = parser.parse_args()
    peers = given.peers is not None
    if peers:
        sys.path.append(str(given.peers))
    figures: dict[str, dict[str, Any]] = {}
    figures["speak"], sounds = speaking(peers, given.rounds)
    sound = np.concatenate(sounds)
    print(f"{len(sound) / RATE:.1f} s of speech, {len(plain_words(TEXT))} words, {THREADS} threads")
    show("speak", figures["speak"])
    for form in ("onnx-sequence", "onnx"):
        figures[f"detect {form}"] = detecting(sound, form, peers, given.rounds)
        show(f"detect {form}", figures[f"detect {form}"])
    ways: tuple[dict[str, Any], ...] = (
        {"backend": "ctranslate2"},
        {"backend": "ctranslate2", "compress": "int8"},
        {"backend": "torch", "dtype": "float32"},
        {"backend": "torch", "dtype": "bfloat16"},
    )
    for how in ways:
        name = f"write {' '.join(how.values())}"
        figures[name] = writing(sounds, how, peers, given.rounds)
        show(name, figures[name])
    met = all(row["ratio"] is None or row["ratio"] >= LEAST for row in figures.values())
    met &= figures["speak"]["of_sound"] >= SPEAKS and figures["write ctranslate2"]["of_sound"] >= WRITES
    print(json.dumps(figures))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
