"""Small models with random weights and tokenizers of their own, saved as transformers saves any model.

Random weights give every label and every word a turn, which is what the arithmetic behind a task is tried with.
"""

from functools import cache

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

_SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "initializer_range": 0.1,
}


def wordpiece(texts):
    """As of BERT: lower case, and `##` inside words."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    feeds = ["input_ids", "token_type_ids", "attention_mask"]
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=128, model_input_names=feeds, **names
    )


def byte_bpe(texts):
    """As of RoBERTa: bytes, a space at the start of words, and a mask that takes the space before it."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    mask = AddedToken("<mask>", lstrip=True, special=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([mask])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token="<s>", sep_token="</s>", mask_token=mask, **names
    )


def save(folder, family, head, texts, *, labels=(), seed=0, **config):
    """Save a `bert` or `roberta` with the head of a task; gives the folder."""
    tokenizer = (wordpiece if family == "bert" else byte_bpe)(texts)
    if labels:
        config |= {"id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}
    positions = {"max_position_embeddings": 128}
    if family == "roberta":
        positions = {"max_position_embeddings": 130, "type_vocab_size": 1, "pad_token_id": 1}
    kind = transformers.AutoConfig.for_model(family, vocab_size=len(tokenizer), **_SIZES, **positions, **config)
    torch.manual_seed(seed)
    model = getattr(transformers, f"AutoModelFor{head}").from_config(kind).eval()
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def peer(task, folder):
    """The pipeline of transformers that does the same."""
    transformers.utils.logging.set_verbosity_error()
    return transformers.pipeline(task, model=str(folder), device="cpu")
