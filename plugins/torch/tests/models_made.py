"""Small models of random weights, saved as transformers saves any model."""

import json
from pathlib import Path

import torch
import transformers
from hub_torch.fixtures.folders import CHATML, SIZES, WORDS
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers


def made(folder: Path, family: str, auto: str, *, dtype: torch.dtype = torch.float32, seed: int = 0, **config):
    """Save a model with the class of a task; gives the model."""
    torch.manual_seed(seed)
    settings = transformers.AutoConfig.for_model(family, **config)
    model = getattr(transformers, auto).from_config(settings).eval().to(dtype)
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    return model


def encoder(folder: Path, auto: str = "AutoModel", family: str = "bert", **config):
    """An encoder of 100 words and 64 positions."""
    sizes = {"vocab_size": 100, **SIZES, **config}
    return made(folder, family, auto, **sizes)


def decoder(folder: Path, **config):
    """A Llama over bytes, with tokenizer and template."""
    sizes = {"vocab_size": len(WORDS), "num_key_value_heads": 2, **SIZES, **config}
    dtype = sizes.pop("dtype", torch.float32)
    model = made(folder, "llama", "AutoModelForCausalLM", dtype=dtype, eos_token_id=257, bos_token_id=256, **sizes)
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(WORDS)}, [("t", "h")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in WORDS[256:260]])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}), encoding="utf-8")
    return model
