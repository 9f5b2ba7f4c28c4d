"""What can be told of CTranslate2 weights before they are downloaded: what opens them, memory, and what they become.

Knows facts alone; reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from hub.types import Estimate, Facts, OptionValue, WeightFile

__all__ = ["TASKS", "WEIGHTS", "accepts", "memory", "predict"]

WEIGHTS = "model.bin"
TASKS = {
    "automatic-speech-recognition": "whisper",
    "summarization": "sequences",
    "translation": "sequences",
}
"""Task to what opens it."""

_BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0, "int16": 2.0}
_EIGHT_BITS = 1.15  # matrices in 8 bits, scales and the rest in 32
_STORED = 2.0  # converters write 16 bits by default; nothing in the facts says otherwise
_RUNTIME = 120_000_000  # the process and the library, as measured
_FRAMES = 1500
_F32 = 4


def accepts(facts: Facts, _: str) -> str | None:
    """Why these weights cannot be opened for the verb, or `None`."""
    if facts.task not in TASKS:
        return f"ctranslate2 answers {', '.join(TASKS)}, not {facts.task or 'a model without a task'}"
    for paths in facts.parts.values():
        if [PurePosixPath(path).name for path in paths] != [WEIGHTS]:
            return f"the weights of CTranslate2 are one file {WEIGHTS}"
    return None


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:
    """Bytes for the weights as they are computed with, and for one window of sound or one sequence.

    On a CPU weights of 16 bits are turned into 32.
    """
    kind = "int8" if "int8" in options else str(options.get("compute_type") or "default")
    each = _EIGHT_BITS if kind.startswith("int8") else _BYTES.get(kind, _BYTES["float32"])
    stored = sum(file.size or 0 for file in facts.files if PurePosixPath(file.path).name == WEIGHTS) or facts.size
    width, layers = _number(facts, "d_model"), _number(facts, "decoder_layers")
    cache = 2 * layers * (_FRAMES + 448) * width * _F32
    return Estimate(weights=int(stored * each / _STORED), cache=cache, working=_FRAMES * width * _F32 * 12 + _RUNTIME)


def predict(facts: Facts, _: Mapping[str, OptionValue]) -> Facts | str:
    """The facts of the Hugging Face layout, or why it cannot be written."""
    if facts.family != "whisper":
        return f"Whisper alone is turned into safetensors, and this is '{facts.family or 'unknown'}'"
    if accepts(facts, "generate"):
        return f"the weights of CTranslate2 are one file {WEIGHTS}"
    kept = tuple(file for file in facts.files if PurePosixPath(file.path).name != WEIGHTS)
    size = sum(file.size or 0 for file in facts.files if file not in kept) or facts.size
    made = WeightFile(path="model.safetensors", size=size, sha256=None, sources=())
    return replace(
        facts,
        format="safetensors",
        files=(made, *kept),
        parts=dict.fromkeys(facts.parts, (made.path,)),
        config={"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"], **facts.config},
    )


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0
