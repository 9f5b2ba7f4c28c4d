"""Small models with random weights, and how the core calls a transform."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest

from hub.runtime.protocols import TransformRequest
from hub.types import Facts
from tests.conftest import hub_home, run_hub, weights_home  # noqa: F401

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what is imported along with transformers
    logging.getLogger("torchao").setLevel(logging.ERROR)
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SIZES = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 120,
}


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    """A BERT of two layers."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(1)
    BertModel(BertConfig(**SIZES, max_position_embeddings=64)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def decoder(tmp_path_factory) -> Path:
    """A Llama of two layers with grouped heads."""
    folder = tmp_path_factory.mktemp("decoder")
    torch.manual_seed(2)
    config = LlamaConfig(**SIZES, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(config).save_pretrained(folder)
    words = {word: index for index, word in enumerate(["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(117))])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(folder)
    return folder


def request(path: Path, out: Path, task: str, family: str, **fields) -> TransformRequest:
    """What the core calls a target with."""
    facts = Facts(task=task, family=family, format="safetensors", files=(), parts={"": ("model.safetensors",)})
    return TransformRequest(path=path, out=out, facts=facts, **fields)
