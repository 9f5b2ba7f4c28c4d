"""What `hub plugin check` tries this package on: an encoder of three layers, before and after.

Graphs are run by the reference of ONNX, so that the check needs no runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx.reference import ReferenceEvaluator

from hub.plugin import Fixture, WeightsFixture
from hub.runtime.protocols import OpenRequest, Session, Tensor
from hub.testing import Computed
from hub_prune.library import auto, quiet

__all__ = ["fixtures"]

Array = np.ndarray[Any, np.dtype[Any]]
SIZES: dict[str, Any] = {  # Any: settings of transformers have types of their own
    "vocab_size": 100,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "initializer_range": 0.1,  # so that layers have something to say
    "max_position_embeddings": 32,  # the reference of ONNX looks things up in at most 63 places
}
OUTPUT = "last_hidden_state"


def fixtures() -> list[Fixture]:
    """Give one for each part, and one for single weights."""
    ways: dict[str, Any] = {"write": write, "format": "safetensors", "family": "bert", "open": open_weights}
    return [
        WeightsFixture(of="transforms/prune", options={"layers": 1, "ffn": 0.25}, verb="run", tolerance=0.1, **ways),
        WeightsFixture(of="transforms/prune", options={"sparsity": 0.3}, verb="run", tolerance=0.5, **ways),
        WeightsFixture(of="transforms/prune-onnx", options={"heads": 0.5}, verb="run", tolerance=0.1, **ways),
    ]


def write(folder: Path) -> None:
    """Write a BERT of random weights."""
    torch.manual_seed(0)
    with quiet():
        auto("BertModel")(auto("BertConfig")(**SIZES)).eval().save_pretrained(folder)


def open_weights(request: OpenRequest) -> Session:
    """Open what goes in and what comes out: ids and mask to hidden states."""
    states = Tensor(name=OUTPUT, dtype="float32", shape=("batch", "sequence", SIZES["hidden_size"]))
    return Computed(_by_reference(request) if request.facts.format == "onnx" else _by_torch(request), outputs=(states,))


def _by_reference(request: OpenRequest) -> Callable[[Mapping[str, Array]], dict[str, Array]]:
    graph: Any = ReferenceEvaluator(str(request.files[0]))  # Any: what it gives depends on flags
    return lambda feeds: {OUTPUT: np.asarray(graph.run([OUTPUT], dict(feeds))[0])}


def _by_torch(request: OpenRequest) -> Callable[[Mapping[str, Array]], dict[str, Array]]:
    with quiet():
        model = auto("AutoModel").from_pretrained(request.path, local_files_only=True, dtype=torch.float32).eval()

    def answer(feeds: Mapping[str, Array]) -> dict[str, Array]:
        with torch.inference_mode():
            found = model(**{name: torch.from_numpy(feed) for name, feed in feeds.items()})
        return {OUTPUT: found[OUTPUT].numpy()}

    return answer
