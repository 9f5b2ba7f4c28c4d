"""Small models with random weights, in the layout of transformers and as CTranslate2's own converter writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hub.testing import word_tokenizer

LANGUAGES = ("en", "zh", "de", "es", "ru")
_CODES = 99
_TIMES = 1501


@dataclass(frozen=True)
class Made:
    """Folders of one model."""

    safetensors: Path
    ctranslate2: Path


def whisper_tokens(*, multilingual: bool) -> list[str]:
    """The vocabulary of a Whisper: its ids are where they are in the real ones, and its words are numbers."""
    words = 50_257 if multilingual else 50_256
    codes = list(LANGUAGES)
    codes += [f"{chr(97 + number // 26)}{chr(97 + number % 26)}q" for number in range(_CODES - len(codes))]
    special = ["endoftext", "startoftranscript", *codes, "translate", "transcribe", "startoflm", "startofprev"]
    special += ["nospeech", "notimestamps", *(f"{number * 0.02:.2f}" for number in range(_TIMES))]
    last = [""] if multilingual else []  # by which CTranslate2 tells that there are many languages
    return [*(f"w{number}" for number in range(words - len(last))), *last, *(f"<|{name}|>" for name in special)]


def make_whisper(folder: Path, *, multilingual: bool = True, seed: int = 0) -> Made:
    """Write a Whisper of two narrow layers, twice."""
    import torch
    from ctranslate2.converters.transformers import WhisperLoader
    from ctranslate2.specs.whisper_spec import WhisperConfig as Settings
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(seed)
    tokens = whisper_tokens(multilingual=multilingual)
    ids = {token: number for number, token in enumerate(tokens)}
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    ends = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    config = WhisperConfig(
        vocab_size=len(tokens), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, init_std=0.5, **ends,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config).eval()
    model.generation_config = GenerationConfig(**ends)
    told = {
        "no_timestamps_token_id": ids["<|notimestamps|>"], "is_multilingual": multilingual,
        "max_initial_timestamp_index": 50, "lang_to_id": {f"<|{code}|>": ids[f"<|{code}|>"] for code in LANGUAGES},
        "task_to_id": {name: ids[f"<|{name}|>"] for name in ("transcribe", "translate")},
        "begin_suppress_tokens": [220, end], "suppress_tokens": [1, 2, 7, start], "max_length": 448,
        "alignment_heads": [[1, 0]],
    }  # fmt: skip
    for name, value in told.items():
        setattr(model.generation_config, name, value)
    made = Made(safetensors=folder / "safetensors", ctranslate2=folder / "ctranslate2")
    model.save_pretrained(made.safetensors)
    made.ctranslate2.mkdir()
    spec = WhisperLoader().get_model_spec(model)
    spec.register_vocabulary(tokens)
    first, last = ids["<|en|>"], ids["<|translate|>"]
    lists = {"suppress_ids": [1, 2, 7, start], "suppress_ids_begin": [220, end], "alignment_heads": [[1, 0]]}
    spec._config = Settings(lang_ids=list(range(first, last)), **lists)
    spec.validate()
    spec.optimize()
    spec.save(str(made.ctranslate2))
    special = tokens[end : len(tokens) - _TIMES]
    tokenizer = word_tokenizer(tokens, unknown="w0", special=special)
    for path in (made.safetensors, made.ctranslate2):
        (path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return made


def make_translator(folder: Path, seed: int = 0) -> Made:
    """Write a Marian translator of two narrow layers, twice. Its words are numbers, and id 0 ends."""
    import torch
    from ctranslate2.converters.transformers import MarianMTLoader
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(seed)
    size = 64
    config = MarianConfig(
        vocab_size=size, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=64, pad_token_id=63,
        eos_token_id=0, bos_token_id=None, decoder_start_token_id=63, forced_eos_token_id=None, init_std=0.5,
        scale_embedding=True, static_position_embeddings=True,
    )  # fmt: skip
    model = MarianMTModel(config).eval()
    made = Made(safetensors=folder / "safetensors", ctranslate2=folder / "ctranslate2")
    model.save_pretrained(made.safetensors)
    made.ctranslate2.mkdir()
    spec = MarianMTLoader().get_model_spec(model)
    tokens = ["</s>", *(f"w{number}" for number in range(1, size - 1))]  # what pads is left out, and starts by itself
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.eos_token, spec.config.bos_token, spec.config.unk_token = "</s>", "w2", "w1"
    spec.config.decoder_start_token = "</s>"
    spec.validate()
    spec.optimize()
    spec.save(str(made.ctranslate2))
    return made
