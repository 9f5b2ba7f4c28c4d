"""Exports a text decoder to an ONNX graph with a KV cache, through the model builder of ONNX Runtime GenAI.

Compares the logits of the graph with those of the weights before it lets it go: the core cannot, because a decoder's
session takes tokens and not tensors. https://onnxruntime.ai/docs/genai/howto/build-model.html
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime_genai as genai  # type: ignore[import-untyped]
from safetensors import SafetensorError, safe_open

from hub.errors import InferenceError, PluginBroken
from hub.runtime.protocols import TransformRequest
from hub_export.library import quiet, torch, transformers

__all__ = ["export"]

_TOLERANCE = 1e-3  # of the largest logit
_TOKENS = 32


def export(request: TransformRequest) -> None:
    """Target of the converter: write `model.onnx`, its tensors, and `genai_config.json`.

    Raises
    ------
    InferenceError
        The builder cannot read the weights or build the model.
    PluginBroken
        The logits of the graph are not those of the weights.
    """
    _refuse_damaged(request)
    request.tell("building a graph with a KV cache")
    with tempfile.TemporaryDirectory(prefix="hub-") as cache:
        _build(request.path, request.out, cache)
    for path in request.out.iterdir():
        if path.name != "genai_config.json" and not path.name.startswith("model.onnx"):
            path.unlink()  # the tokenizer's files, which are assets already
    apart = _difference(request.path, request.out)
    if not apart <= _TOLERANCE:
        raise PluginBroken(
            f"the logits of the graph differ from those of the weights by {apart:.2g} of the largest one, and "
            f"{_TOLERANCE:g} is allowed"
        )
    request.tell(f"logits differ by {apart:.1e} of the largest one")


def _refuse_damaged(request: TransformRequest) -> None:
    """Say at once what the builder, a program of its own, would say in many lines and seconds."""
    for path in (path for path in request.files if path.suffix == ".safetensors"):
        try:
            with safe_open(path, "np"):
                pass
        except (SafetensorError, OSError) as error:
            raise InferenceError(f"{path.name} is no safetensors file that can be read: {error}") from error


def _build(weights: Path, out: Path, cache: str) -> None:
    """Run the builder as the program that it is: its memory is gone with it, and nothing of it is printed."""
    words = ["-i", str(weights), "-o", str(out), "-p", "fp32", "-e", "cpu", "-c", cache]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "onnxruntime_genai.models.builder", *words],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "it gave no reason")
        raise InferenceError(f"ONNX Runtime GenAI cannot build this model: {reason.strip()}")


def _difference(weights: Path, graph: Path) -> float:
    """Largest difference of the logits for one sequence, relative to the largest logit."""
    with quiet():
        auto: Any = transformers.AutoModelForCausalLM  # Any: what it gives depends on flags
        model = auto.from_pretrained(weights, dtype=torch.float32, use_safetensors=True, local_files_only=True).eval()
    ids = torch.arange(5, 5 + _TOKENS)[None] % model.config.vocab_size
    with torch.inference_mode():
        expected = model(input_ids=ids, use_cache=False).logits.numpy()
    del model
    built = genai.Model(str(graph))
    params = genai.GeneratorParams(built)
    params.set_search_options(max_length=_TOKENS + 1, batch_size=1, do_sample=False)
    generator = genai.Generator(built, params)
    generator.append_tokens(ids[0].numpy().astype(np.int32))
    logits = generator.get_output("logits")
    return float(np.abs(logits - expected[:, -logits.shape[1] :]).max() / np.abs(expected).max())
