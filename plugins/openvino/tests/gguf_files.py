"""Writes small GGUF files for the tests: a random llama whose tokens are bytes, and SmolLM2 in another type."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter

from hub.testing import byte_letters

WIDTH, INNER, LAYERS, HEADS, CONTEXT = 256, 256, 2, 4, 256
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def random_llama(path: Path, kind: str = "Q8_0", family: str = "llama", seed: int = 0) -> Path:
    """A whole file that GenAI's reader opens; what it answers means nothing."""
    writer = GGUFWriter(str(path), family)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type(int(GGMLQuantizationType[kind]))
    words = ["<|end|>", *byte_letters(), "he"]
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_types([3] + [1] * (len(words) - 1))
    writer.add_token_merges(["h e"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(seed)
    _tensor(writer, "token_embd.weight", random.normal(size=(len(words), WIDTH)), kind)
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", INNER, WIDTH),
            ("ffn_up", INNER, WIDTH),
            ("ffn_down", WIDTH, INNER),
        ):
            _tensor(writer, f"blk.{layer}.{name}.weight", random.normal(size=(rows, columns)) / 16, kind)
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    head = random.normal(size=(len(words), WIDTH))
    head[[place for place, word in enumerate(words) if not ("a" <= word <= "z" and len(word) == 1)]] = 0
    _tensor(writer, "output.weight", head, kind)  # letters alone are likely: text that is text, without an end
    _close(writer)
    return path


def requantized(source: Path, path: Path, kind: str) -> Path:
    """The same model with all matrices in another type."""
    reader = GGUFReader(str(source))
    writer = GGUFWriter(str(path), reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if field.types[0] == GGUFValueType.ARRAY:
            writer.add_array(name, field.contents())
        else:
            writer.add_key_value(name, field.contents(), field.types[0])
    for tensor in reader.tensors:
        if tensor.tensor_type == GGMLQuantizationType.F32:
            writer.add_tensor(tensor.name, tensor.data)
        else:
            _tensor(writer, tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type), kind)
    _close(writer)
    return path


def _tensor(writer: GGUFWriter, name: str, values: np.ndarray, kind: str) -> None:
    found = GGMLQuantizationType[kind]
    writer.add_tensor(name, gguf.quantize(values.astype(np.float32), found), raw_dtype=found)


def _close(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
