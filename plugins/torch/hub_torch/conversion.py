"""Converts GGUF to the Hugging Face layout: dequantized weights, config, tokenizer, chat template.

The numbers are those that llama.cpp computes with. What was written is opened again and must give the scores that the
dequantized model gave. Knows nothing of tasks.
"""

from __future__ import annotations

import gc
import json
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights  # type: ignore[import-untyped]
from gguf import GGUFReader

from hub.errors import HubError, InferenceError
from hub.runtime.protocols import TransformRequest, usable_cpus
from hub_torch.computing import computing
from hub_torch.conversion_tokenizer import save_tokenizer
from hub_torch.diagnosis import broken, name_origin
from hub_torch.library import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedModel, quiet, transformers
from hub_torch.loading import read_config

__all__ = ["convert"]

_SHARD = "5GB"
_DROPPED = ("quantization_config", "_model_name_or_path", "transformers_version", "architectures", "dtype")
_EXACT, _ROUNDED = 1e-4, 0.2  # largest difference of scores, relative to the largest score
_TOKENS = 32
_SKIPPED = ("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight")


def convert(request: TransformRequest) -> None:
    """Target of the transform.

    Raises
    ------
    InferenceError
        The file is damaged, holds what transformers does not read, or what was written gives other scores.
    """
    [path] = request.files
    brought = {file.path for file in request.facts.files} - {path.name}
    own = read_config(path.parent) if "config.json" in brought else None
    try:
        reader = GGUFReader(path)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise InferenceError(f"{path.name} is no readable GGUF file: {error}") from error
    if own is None:
        _refuse_skipped(reader, path)
    with computing(usable_cpus()), quiet():
        model = _dequantized(path, own)
        dtype, exact = _target(model, str(request.options.get("dtype") or "auto"))
        expected = _scores(model)
        model.to(dtype)
        _save(model, request.out, dtype, _ends(reader, model))
        tokens, cut = _texts(reader), _cut(reader)
        context = getattr(model.config, "max_position_embeddings", None)
        del model, reader
        gc.collect()
        if "tokenizer.json" not in brought:
            save_tokenizer(path, tokens, cut, context, request.out)
        _check(request.out, expected, _EXACT if exact else _ROUNDED)


def _dequantized(path: Path, own: Any) -> Any:  # Any: a config, and a model, whose methods are not typed
    """The model with float32 weights, and a config that says nothing of GGUF, so that it can be saved."""
    try:
        with redirect_stderr(StringIO()):  # a bar that no setting of transformers reaches
            loaded, info = AutoModelForCausalLM.from_pretrained(
                path.parent,
                gguf_file=path.name,
                dtype=torch.float32,
                output_loading_info=True,
                local_files_only=True,
                **_unpacked(),
            )
    except HubError:
        raise
    except Exception as error:  # whatever the reader of transformers trips over
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InferenceError(f"transformers {transformers.__version__} cannot read {path.name}: {reason}") from error
    missing = sorted(info["missing_keys"])
    if missing:
        raise InferenceError(f"{path.name} lacks {missing[0]} and {len(missing) - 1} more weights of {type(loaded)}")
    if own is None:
        kept = {name: value for name, value in loaded.config.to_dict().items() if name not in _DROPPED}
        own = AutoConfig.for_model(**kept)
    with init_empty_weights(include_buffers=False):
        model = AutoModelForCausalLM.from_config(own)
    model.load_state_dict(loaded.state_dict(), strict=True, assign=True)
    model.tie_weights()
    return model.eval()


def _unpacked() -> dict[str, object]:
    """Newer versions of transformers leave weights in their blocks where they have a kernel for it."""
    settings = getattr(transformers, "GgufConfig", None)
    return {} if settings is None else {"quantization_config": settings(dequantize=True)}


def _target(model: PreTrainedModel, asked: str) -> tuple[torch.dtype, bool]:
    """The dtype to write, and whether every value stays what it is in it."""
    candidates = (torch.bfloat16, torch.float16) if asked == "auto" else (getattr(torch, asked),)
    for dtype in candidates:
        if all(bool((tensor.to(dtype).float() == tensor).all()) for tensor in model.parameters()):
            return dtype, True
    return (torch.float32, True) if asked == "auto" else (candidates[0], False)


def _save(model: PreTrainedModel, out: Path, dtype: torch.dtype, ends: list[int]) -> None:
    settings = {name: getattr(model.config, name, None) for name in ("bos_token_id", "pad_token_id")}
    model.generation_config = GenerationConfig(eos_token_id=ends or None, **settings)
    model.config.dtype = dtype
    model.save_pretrained(out, max_shard_size=_SHARD)


def _check(out: Path, expected: torch.Tensor, tolerance: float) -> None:
    """Open what was written, as a backend would, and compare its scores."""
    model, info = AutoModelForCausalLM.from_pretrained(
        out, dtype=torch.float32, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    if info["missing_keys"] or info["unexpected_keys"]:
        raise InferenceError(f"what was written does not fit the config: {json.dumps(info, default=sorted)}")
    found = _scores(model.eval())
    apart = float((found - expected).abs().max() / expected.abs().max())
    if not apart <= tolerance:
        raise InferenceError(f"what was written gives scores that differ by {apart:.2g}; {tolerance:g} is allowed")


def _scores(model: Any) -> torch.Tensor:  # Any: calling a module is not typed
    """Scores for ids from all over the vocabulary, float32 (1, tokens, vocabulary)."""
    words = int(model.config.get_text_config().vocab_size)
    ids = torch.linspace(0, words - 1, min(_TOKENS, words)).long()[None]
    scores: torch.Tensor = model(input_ids=ids, use_cache=False).logits.float()
    if broken(scores):
        raise name_origin(model, lambda: model(input_ids=ids), "the scores")
    return scores


def _refuse_skipped(reader: GGUFReader, path: Path) -> None:
    """Transformers passes over tensors that it has no place for, such as factors of the rotary frequencies."""
    found = [tensor.name for tensor in reader.tensors if tensor.name in _SKIPPED]
    if found:
        raise InferenceError(
            f"{path.name} scales its positions with {found[0]}, which transformers does not read from GGUF",
            hint="Run it with --backend llamacpp, or use the safetensors of the same model.",
        )


def _texts(reader: GGUFReader) -> list[str]:
    """The vocabulary, in the order of its ids."""
    field = reader.get_field("tokenizer.ggml.tokens")
    return [bytes(field.parts[place]).decode("utf-8", "replace") for place in field.data] if field else []


def _ends(reader: GGUFReader, model: PreTrainedModel) -> list[int]:
    """Ids that end an answer: of a text, and of a turn where that is another one."""
    said = getattr(model.config, "eos_token_id", None)
    found = list(said) if isinstance(said, list) else [said] if isinstance(said, int) else []
    fields = (reader.get_field(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot"))
    found += [int(field.parts[field.data[0]][0]) for field in fields if field]
    return list(dict.fromkeys(found))


def _cut(reader: GGUFReader) -> str:
    """How llama.cpp cuts text before it merges; empty where the file does not say."""
    field = reader.get_field("tokenizer.ggml.pre")
    return bytes(field.parts[field.data[0]]).decode("utf-8", "replace") if field else ""
