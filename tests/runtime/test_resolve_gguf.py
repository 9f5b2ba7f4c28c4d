from __future__ import annotations

import struct
from pathlib import Path

import pytest

from hub.errors import VerificationError
from hub.runtime.references.gguf import read_gguf_config
from tests.support.gguf import ARCHITECTURE, SIZES, TAGS, TOKENS, gguf, number, text


@pytest.fixture
def write(tmp_path):
    def put(content: bytes) -> Path:
        path = tmp_path / "x.gguf"
        path.write_bytes(content)
        return path

    return put


def test_the_sizes_are_given_under_their_hugging_face_names(write):
    head = gguf(
        ARCHITECTURE,
        TAGS,
        SIZES,
        number("llama.block_count", 30),
        number("llama.embedding_length", 576),
        number("llama.attention.head_count", 9),
        number("llama.attention.head_count_kv", 3),
        number("llama.context_length", 8192),
        TOKENS,
    )
    assert read_gguf_config(write(head)) == {
        "model_type": "llama",
        "num_hidden_layers": 30,
        "hidden_size": 576,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "max_position_embeddings": 8192,
        "head_dim": 64,
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ends in its head"),
        (b"PK\x03\x04" * 10, "does not begin with GGUF"),
        (gguf(version=1), "version 1 is not known"),
        (gguf(count=2**60), "claims"),
        (gguf(ARCHITECTURE, count=2), "ends in its head"),
        (gguf(struct.pack("<Q", 2**62)), "a text claims"),
        (gguf(text("a") + struct.pack("<I", 99)), "type 99 is not known"),
        (gguf(text("a") + struct.pack("<IIQ", 9, 4, 2**62)), "x.gguf is not a readable GGUF"),
        (gguf(text("a") + struct.pack("<IIQ", 9, 8, 2**62)), "ends in its head"),
        (gguf(text("a") + struct.pack("<IIQ", 9, 9, 1)), "an array of type 9"),
    ],
)
def test_a_head_that_lies_or_ends_is_refused(write, content, said):
    with pytest.raises(VerificationError, match=said):
        read_gguf_config(write(content))


@pytest.mark.weights
def test_the_head_of_real_weights_says_what_the_registry_says(weights_home):
    from hub.registry.catalogue import load_catalogue
    from hub.store.store import Store

    entry = load_catalogue().find("smollm2-135m").model
    artifact = Store(weights_home / "store").find(entry.variants[0].weights())
    assert artifact is not None
    read = read_gguf_config(artifact.path / entry.variants[0].files[0].path)
    assert read == {name: value for name, value in entry.config.items() if name in read}
