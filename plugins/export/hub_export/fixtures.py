"""What `hub plugin check` tries this package on: an encoder and a decoder of two narrow layers, in both formats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from hub.plugin import Fixture, WeightsFixture
from hub.runtime.protocols import OpenRequest, Session, Tensor
from hub.testing import TOKENS, Computed, word_tokenizer
from hub_export.library import quiet, torch, transformers

__all__ = ["fixtures"]

Array = np.ndarray[Any, np.dtype[Any]]
SIZES: dict[str, Any] = {  # Any: settings of transformers have types of their own
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 120,
    "max_position_embeddings": 64,
}


def fixtures() -> list[Fixture]:
    """Give one for each part."""
    ways: dict[str, Any] = {"format": "safetensors", "open": open_weights, "verb": "run"}  # Any: fields of a fixture
    return [
        WeightsFixture(of="transforms/export-encoder", write=encoder, family="bert", **ways),
        WeightsFixture(of="transforms/export-decoder", write=decoder, family="llama", task="text-generation", **ways),
    ]


def encoder(folder: Path) -> None:
    """Write a BERT."""
    _write(folder, transformers.BertModel, transformers.BertConfig(**SIZES))


def decoder(folder: Path) -> None:
    """Write a Llama with grouped heads."""
    config = transformers.LlamaConfig(**SIZES, num_key_value_heads=2, bos_token_id=1, eos_token_id=2)
    _write(folder, transformers.LlamaForCausalLM, config)
    _tokenizer(folder)


def _write(folder: Path, model: Any, config: Any) -> None:  # Any: classes of transformers, which are not typed
    torch.manual_seed(0)
    with quiet():
        model(config).save_pretrained(folder)


def _tokenizer(folder: Path) -> None:
    """Write a tokenizer of whole words, without which the builder of graphs builds nothing."""
    content = word_tokenizer(["<unk>", "<s>", "</s>", *(f"w{n}" for n in range(117))], unknown="<unk>")
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")


def open_weights(request: OpenRequest) -> Session:
    """Open what goes in and what comes out."""
    decodes = request.facts.task == "text-generation"
    output, width = ("logits", SIZES["vocab_size"]) if decodes else ("last_hidden_state", SIZES["hidden_size"])
    opened = _by_runtime if request.facts.format == "onnx" else _by_transformers
    answer = opened(request, output)
    given = Tensor(name=output, dtype="float32", shape=("batch", "sequence", width))
    return Computed(lambda feeds: {output: answer(feeds)}, outputs=(given,))


def _by_transformers(request: OpenRequest, output: str) -> Any:  # Any: as above
    auto: Any = transformers.AutoModelForCausalLM if output == "logits" else transformers.AutoModel
    with quiet():
        model = auto.from_pretrained(request.path, dtype=torch.float32, local_files_only=True).eval()

    def answer(feeds: Mapping[str, Array]) -> Array:
        with torch.inference_mode():
            given = {name: torch.from_numpy(feed) for name, feed in feeds.items()}
            found: Array = getattr(model(**given), output).numpy()
        return found

    return answer


def _by_runtime(request: OpenRequest, output: str) -> Any:  # Any: as above
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level, settings.intra_op_num_threads = 4, 1
    [path] = [path for path in request.files if path.suffix == ".onnx"]
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    past = [each for each in session.get_inputs() if each.name not in {tensor.name for tensor in TOKENS}]

    def answer(feeds: Mapping[str, Array]) -> Array:
        """Nothing came before: what a graph with a KV cache takes of it is empty."""
        rows = len(feeds["input_ids"])
        width = SIZES["hidden_size"] // SIZES["num_attention_heads"]
        before = {each.name: np.zeros((rows, each.shape[1], 0, width), np.float32) for each in past}
        found: Array = session.run([output], {**feeds, **before})[0]
        return found

    return answer
