"""Estimates and refusals from facts alone."""

import pytest
from hub_llamacpp.facts import accepts, memory

from hub.types import Facts

SMOLLM = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "vocab_size": 49152,
}


def facts(task="text-generation", config=SMOLLM, parts=None):
    return Facts(
        task=task,
        family="llama",
        format="gguf",
        files=(),
        parts=parts or {"": ("m.gguf",)},
        size=98_362_432,
        config=config,
    )


def test_the_cache_is_two_bytes_for_each_key_and_value():
    assert memory(facts(), {"context_length": 1000}).cache == 2 * 30 * 3 * 64 * 2 * 1024
    assert (
        memory(facts(), {"context_length": 1000, "parallel": 3}).cache
        == 3 * memory(facts(), {"context_length": 1000}).cache
    )


def test_without_a_context_the_default_or_the_models_own_counts():
    assert memory(facts(), {}) == memory(facts(), {"context_length": 4096})
    short = facts(config={**SMOLLM, "max_position_embeddings": 512})
    assert memory(short, {}) == memory(short, {"context_length": 512})


def test_embedders_have_no_cache():
    assert memory(facts("feature-extraction"), {}).cache == 0


def test_unknown_sizes_still_give_the_weights():
    assert memory(facts(config={}), {}).weights == 98_362_432


@pytest.mark.parametrize(
    ("verb", "task", "parts", "reason"),
    [
        ("chat", "text-generation", None, None),
        ("embed", "feature-extraction", None, None),
        ("embed", "text-generation", None, "pooling"),
        ("chat", "feature-extraction", None, "cannot answer a chat"),
        ("chat", "text-generation", {"a": ("a.gguf",), "b": ("b.gguf",)}, "one part"),
    ],
)
def test_what_cannot_be_opened_is_said_from_facts(verb, task, parts, reason):
    found = accepts(facts(task, parts=parts), verb)
    assert found is None if reason is None else reason in found
