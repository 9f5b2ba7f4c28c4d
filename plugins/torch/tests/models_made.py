"""Small models of random weights, saved as transformers saves any model, and a GGUF file of one of them."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "initializer_range": 0.3,
}
CHATML = (
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
WORDS = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<s>", "</s>", "<end>", "<pad>", "th"]


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
    sizes = {"vocab_size": 100, "max_position_embeddings": 64, **SIZES, **config}
    return made(folder, family, auto, **sizes)


def decoder(folder: Path, **config):
    """A Llama over bytes, with tokenizer and template."""
    sizes = {"vocab_size": len(WORDS), "max_position_embeddings": 64, "num_key_value_heads": 2, **SIZES, **config}
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


def gguf_of(model, path: Path, dtype: np.dtype = np.float32, **extra) -> Path:
    """The GGUF file that llama.cpp's own script would write of a Llama."""
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(extra.pop("cut", "smollm"))
    writer.add_token_list(WORDS)
    writer.add_token_types([1] * 256 + [3] * 4 + [1])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_eot_token_id(258)
    writer.add_pad_token_id(259)
    writer.add_chat_template(CHATML)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        array = tensor.float().numpy()
        if "q_proj" in name or "k_proj" in name:
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            array = array.reshape(heads, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)
        kind = np.float32 if array.ndim == 1 else dtype
        writer.add_tensor(names.get_name(name, (".weight",)), np.ascontiguousarray(array).astype(kind))
    for name, array in extra.items():
        writer.add_tensor(name.replace("__", "."), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
