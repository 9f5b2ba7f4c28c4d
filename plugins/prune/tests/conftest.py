"""Small models of random weights, and how the core calls a transform."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import pytest

from hub.runtime.protocols import TransformRequest
from hub.types import Facts, WeightFile
from tests.conftest import hub_home, run_hub, weights_home  # noqa: F401

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what is imported along with transformers
    logging.getLogger("torchao").setLevel(logging.ERROR)
    import torch
    import transformers

SIZES = {
    "vocab_size": 100,
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
}
TASKS = {True: "text-generation", False: "feature-extraction"}
NOTHING = {
    "layers": None,
    "heads": None,
    "ffn": None,
    "size": None,
    "reconstruct": True,
    "sparsity": None,
    "method": None,
    "pattern": None,
    "data": None,
    "samples": 512,
    "seed": 0,
}


def made(folder: Path, family: str, *, decoder: bool, dtype: torch.dtype = torch.float32, seed: int = 0, **config):
    """Save a model with the class of its task."""
    torch.manual_seed(seed)
    sizes = {**SIZES, **({"num_key_value_heads": 4, "head_dim": 4} if decoder else {}), **config}
    settings = transformers.AutoConfig.for_model(family, **sizes)
    auto = transformers.AutoModelForCausalLM if decoder else transformers.AutoModel
    model = auto.from_config(settings).eval().to(dtype)
    for parameter in model.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    return model


def texts(rows: int = 64, tokens: int = 12, seed: int = 1) -> list[list[int]]:
    """Random sequences whose tokens depend on each other a little."""
    generator = np.random.default_rng(seed)
    start = generator.integers(4, 90, (rows, 1))
    return ((start + generator.integers(0, 6, (rows, tokens)).cumsum(axis=1)) % 96 + 4).tolist()


def record(inputs) -> list[dict[str, np.ndarray]]:
    """Feeds of eight sequences each, the last of them padded."""
    feeds = []
    for start in range(0, len(inputs), 8):
        ids = np.array(inputs[start : start + 8])
        mask = np.ones_like(ids)
        mask[-1, 7:] = 0
        feeds.append({"input_ids": ids, "attention_mask": mask})
    return feeds


def facts(folder: Path, task: str) -> Facts:
    """What the core knows of a folder."""
    config = json.loads((folder / "config.json").read_text())
    path = folder / "model.safetensors"
    files = (WeightFile(path=path.name, size=path.stat().st_size, sha256=None, sources=()),)
    size = path.stat().st_size
    return Facts(
        task=task,
        family=config["model_type"],
        format="safetensors",
        files=files,
        parts={"": (path.name,)},
        size=size,
        config=config,
    )


def request(folder: Path, out: Path, task: str, **options) -> TransformRequest:
    """What the core calls a transform with."""
    out.mkdir(exist_ok=True)
    inputs = options.pop("inputs", None) or texts()
    given = options.pop("record", record)
    return TransformRequest(
        path=folder,
        out=out,
        facts=facts(folder, task),
        options={**NOTHING, **options},
        inputs=inputs,
        record=given,
    )


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny models are fastest with it, and threads that spin on a busy machine take minutes."""
    torch.set_num_threads(1)


@pytest.fixture
def encoder(tmp_path):
    """A BERT of four layers with eight heads of four."""
    return made(tmp_path / "model", "bert", decoder=False), tmp_path / "model"


@pytest.fixture
def decoder(tmp_path):
    """A Llama of four layers, whose eight heads share four of keys and values, with a tokenizer of words."""
    model = made(tmp_path / "model", "llama", decoder=True)
    tokenizer_of_words(tmp_path / "model")
    return model, tmp_path / "model"


def tokenizer_of_words(folder: Path) -> None:
    """A tokenizer whose words are numbers, which are their ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({str(number): number for number in range(100)}, unk_token="0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "tokenizer.json"))


def loaded(folder: Path, auto: str = "AutoModel"):
    """What plain transformers makes of a folder; nothing may be missing or left over."""
    model, info = getattr(transformers, auto).from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    return model.eval()


def hidden(model, seed: int = 2) -> torch.Tensor:
    """Last hidden states (or logits) for sequences that were not calibrated on."""
    ids = torch.tensor(texts(16, seed=seed))
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids))[0]


def error(model, origin, seed: int = 2) -> float:
    """Squared distance of the answers, relative to the origin's."""
    before, after = hidden(origin, seed), hidden(model, seed)
    return float((after - before).square().sum() / before.square().sum())
