"""Which unlisted repositories are ours."""

import pytest
from hub_text.claims import embeds, generates

BERT = {"model_type": "bert", "architectures": ["BertModel"]}


@pytest.mark.parametrize(
    ("files", "config", "chat", "vectors"),
    [
        (("SmolLM2-135M.Q4_K_M.gguf", "README.md"), {}, True, False),
        (("x.gguf",), {"model_type": "llama"}, True, False),
        (("nomic-embed-text-v1.5.Q8_0.gguf",), {}, False, True),
        (("x.gguf",), {"model_type": "bert"}, False, True),
        (("model.onnx", "tokenizer.json", "modules.json"), {"model_type": "qwen3"}, False, True),
        (("model.onnx", "tokenizer.json"), BERT, False, True),
        (("model.onnx", "vocab.txt"), BERT, False, False),
        (("model.onnx", "tokenizer.json"), {**BERT, "architectures": ["BertForTokenClassification"]}, False, False),
        (
            ("model.safetensors", "tokenizer.json"),
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
            False,
            False,
        ),
        ((), {}, False, False),
    ],
)
def test_a_repository_is_claimed_by_one_or_none(files, config, chat, vectors):
    assert (generates(files, config), embeds(files, config)) == (chat, vectors)
