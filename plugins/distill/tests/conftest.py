"""Tiny models of three families with tokenizers of their own, and requests as the core makes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hub_distill.plugin import OPTIONS
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from hub.runtime.protocols import TransformRequest, Weights
from hub.testing import resolve_options
from hub.types import Facts
from tests.conftest import hub_home, run_hub, weights_home  # noqa: F401 - fixtures

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = tuple(f"{first}{second}" for first in "bdfgklmn" for second in ("a", "e", "i", "o", "u", "ar", "en", "ot"))
BERT = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
}
LLAMA = {**BERT, "num_key_value_heads": 1, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}

MAKERS: dict[str, Callable[[], PreTrainedModel]] = {
    "feature-extraction": lambda: BertModel(BertConfig(**BERT)),
    "distilbert": lambda: DistilBertModel(
        DistilBertConfig(
            vocab_size=BERT["vocab_size"], dim=32, n_layers=4, n_heads=2, hidden_dim=64, max_position_embeddings=64
        )
    ),
    "text-generation": lambda: LlamaForCausalLM(LlamaConfig(**LLAMA)),
    "text-classification": lambda: BertForSequenceClassification(BertConfig(**BERT, num_labels=3)),
    "text-ranking": lambda: BertForSequenceClassification(BertConfig(**BERT, num_labels=1)),
    "token-classification": lambda: BertForTokenClassification(BertConfig(**BERT, num_labels=5)),
    "fill-mask": lambda: BertForMaskedLM(BertConfig(**BERT)),
}


def sentences(count: int, *, seed: int = 0, longest: int = 12) -> list[str]:
    """Different sentences of 2 words or more."""
    draw = torch.Generator().manual_seed(seed)

    def number(limit: int) -> int:
        return int(torch.randint(limit, (), generator=draw))

    return [" ".join(WORDS[number(len(WORDS))] for _ in range(2 + number(longest - 1))) for _ in range(count)]


def write_tokenizer(folder: Path, words: Sequence[str] = WORDS) -> None:
    """A tokenizer of whole words."""
    vocabulary = {token: place for place, token in enumerate((*SPECIAL, *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def write_tiny(folder: Path, what: str, *, seed: int = 1, spread: float = 1.0) -> Path:
    """Random weights of a tiny model with its tokenizer, as a person would have them."""
    torch.manual_seed(seed)
    model = MAKERS[what]()
    with torch.no_grad():
        for value in model.parameters():
            value.mul_(spread)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def facts_of(folder: Path, task: str) -> Facts:
    """Facts as the core reads them from a folder."""
    config = json.loads((folder / "config.json").read_text())
    size = (folder / "model.safetensors").stat().st_size
    return Facts(
        task=task,
        family=config["model_type"],
        format="safetensors",
        files=(),
        parts={"": ("model.safetensors",)},
        size=size,
        config=config,
    )


def request_of(
    folder: Path, task: str, out: Path, inputs: Sequence[Any], *, origin: Path | None = None, **options: Any
) -> TransformRequest:
    """What the core calls the step with; short and in float32 on the CPU where `options` say nothing else."""
    given = {"device": "cpu", "precision": "float32", "steps": 20, "batch_size": 8, **options}
    given = {name: value for name, value in given.items() if value is not None}
    work = out.parent / f"{out.name}-work"
    for each in (out, work):
        each.mkdir(parents=True, exist_ok=True)
    first = origin or folder
    return TransformRequest(
        path=folder,
        out=out,
        facts=facts_of(folder, task),
        options=resolve_options(OPTIONS, given, "step 'distill'"),
        inputs=inputs,
        origin=Weights(path=first, facts=facts_of(first, task)),
        work=work,
    )


def metrics_of(out: Path) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Lines of steps, and lines of validations."""
    lines = [json.loads(line) for line in (out / "distill-metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "loss" in line], [line for line in lines if "validation" in line]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny models are fastest with it, and threads that spin on a busy machine take minutes."""
    torch.set_num_threads(1)
