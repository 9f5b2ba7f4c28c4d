"""Turns Whisper as CTranslate2 keeps it into the Hugging Face layout: weights, config, and what was beside them.

The numbers are the same: nothing is rounded. Knows nothing of how either is run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_ctranslate2.binary import read_binary
from hub_ctranslate2.names import config_of, tensors

__all__ = ["convert"]

_RATE, _WINDOW, _HOP, _POINTS = 16_000, 30, 160, 400


def convert(request: TransformRequest) -> None:
    """Target of the transform: write `model.safetensors` and the files that transformers reads beside it.

    Raises
    ------
    InferenceError
        The weights are damaged, quantized, or no Whisper.
    """
    [path] = request.files
    binary = read_binary(path)
    try:
        config = config_of(binary)
        held = {name: np.ascontiguousarray(tensor) for name, tensor in tensors(binary)}
    except KeyError as error:
        raise InferenceError(f"{path} lacks {error}, which a Whisper has") from error
    save_file(held, request.out / "model.safetensors", metadata={"format": "pt"})
    _write(request.out / "config.json", config)
    _write(request.out / "generation_config.json", _generation(path.parent, config))
    _write(request.out / "preprocessor_config.json", _preprocessor(int(config["num_mel_bins"])))


def _generation(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """What CTranslate2's own `config.json` says of tokens, under the names of transformers."""
    try:
        own = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InferenceError(f"{folder / 'config.json'} cannot be read: {error}") from error
    names = {"suppress_ids": "suppress_tokens", "suppress_ids_begin": "begin_suppress_tokens"}
    found: dict[str, Any] = {target: own[name] for name, target in names.items() if own.get(name)}
    if own.get("alignment_heads"):
        found["alignment_heads"] = own["alignment_heads"]
    ends = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    return {
        **{name: config[name] for name in ends},
        **found,
        "is_multilingual": config["decoder_start_token_id"] > 50_257,
        "max_length": config["max_target_positions"],
    }


def _preprocessor(features: int) -> dict[str, Any]:
    return {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": features,
        "sampling_rate": _RATE,
        "chunk_length": _WINDOW,
        "hop_length": _HOP,
        "n_fft": _POINTS,
        "n_samples": _RATE * _WINDOW,
        "nb_max_frames": _RATE * _WINDOW // _HOP,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": False,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
