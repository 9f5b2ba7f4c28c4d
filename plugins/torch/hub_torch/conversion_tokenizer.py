"""Writes the tokenizer of a GGUF file as tokenizer.json, tokenizer_config.json and chat_template.jinja.

Transformers builds it; what it does not know of `tokenizer.ggml.pre`, by which llama.cpp cuts text before it merges, is
put right here. Knows nothing of weights.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import pre_tokenizers

from hub.errors import InferenceError
from hub_torch.library import AutoTokenizer, PreTrainedTokenizerBase, transformers

__all__ = ["save_tokenizer"]

_SINGLE_DIGITS = {"command-r", "refact", "smollm", "starcoder"}
_LONGEST = 1 << 24  # what transformers writes where there is no limit is no number that a person means


def save_tokenizer(path: Path, tokens: list[str], cut: str, context: int | None, out: Path) -> None:
    """Write the tokenizer's files and open them again.

    Parameters
    ----------
    tokens
        The vocabulary of the file, in the order of its ids.
    cut
        `tokenizer.ggml.pre`.
    context
        The model's limit in tokens.

    Raises
    ------
    InferenceError
        The tokenizer cannot be built, or gives other ids than the file.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)
    except Exception as error:  # whatever the reader of transformers trips over
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InferenceError(
            f"transformers {transformers.__version__} cannot read the tokenizer of {path.name}: {reason}"
        ) from error
    if cut in _SINGLE_DIGITS:
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    if context is not None and tokenizer.model_max_length > _LONGEST:
        tokenizer.model_max_length = context
    for private in ("local_files_only", "is_local"):
        tokenizer.init_kwargs.pop(private, None)
    tokenizer.save_pretrained(out)
    _check(AutoTokenizer.from_pretrained(out, local_files_only=True), tokens, path)


def _check(tokenizer: PreTrainedTokenizerBase, tokens: list[str], path: Path) -> None:
    """Every token that both spell the same way has the id that the file gives it, and most are spelt the same way."""
    vocabulary = tokenizer.get_vocab()
    shared = [index for index, token in enumerate(tokens) if token in vocabulary]
    moved = next(
        (index for index in shared if vocabulary[tokens[index]] != index and tokens.count(tokens[index]) == 1), -1
    )
    if moved >= 0 or len(shared) < 0.9 * len(tokens):
        raise InferenceError(
            f"the tokenizer that transformers makes of {path.name} is not the one in it: "
            + (f"{tokens[moved]!r} has another id" if moved >= 0 else f"{len(tokens) - len(shared)} tokens are gone")
        )
