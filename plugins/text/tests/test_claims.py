"""Which unlisted repositories are ours, and for which task."""

import pytest
from hub_text import claims

BERT = {"model_type": "bert", "architectures": ["BertModel"]}
SAFE = ("model.safetensors", "tokenizer.json", "config.json")
CLAIMS = {
    "text-generation": claims.generates,
    "feature-extraction": claims.embeds,
    "text-classification": claims.text_classification,
    "token-classification": claims.token_classification,
    "fill-mask": claims.fill_mask,
    "zero-shot-classification": claims.zero_shot_classification,
    "text-ranking": claims.text_ranking,
}


def headed(head, **config):
    return {"model_type": "bert", "architectures": [f"Bert{head}"], **config}


def labels(*names, **config):
    return headed("ForSequenceClassification", id2label=dict(enumerate(names)), **config)


@pytest.mark.parametrize(
    ("files", "config", "task"),
    [
        (("SmolLM2-135M.Q4_K_M.gguf", "README.md"), {}, "text-generation"),
        (("x.gguf",), {"model_type": "llama"}, "text-generation"),
        (("nomic-embed-text-v1.5.Q8_0.gguf",), {}, "feature-extraction"),
        (("x.gguf",), {"model_type": "bert"}, "feature-extraction"),
        (SAFE, {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, "text-generation"),
        (SAFE, {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, "text-generation"),
        (("model.safetensors",), {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, None),
        ((*SAFE, "modules.json"), {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}, "feature-extraction"),
        (("model.onnx", "tokenizer.json", "modules.json"), {"model_type": "qwen3"}, "feature-extraction"),
        (("model.onnx", "tokenizer.json"), BERT, "feature-extraction"),
        (("model.onnx", "vocab.txt"), BERT, None),
        (SAFE, labels("NEGATIVE", "POSITIVE"), "text-classification"),
        (SAFE, headed("ForSequenceClassification"), "text-classification"),
        (SAFE, labels("stars", problem_type="regression"), "text-classification"),
        (SAFE, labels("LABEL_0"), "text-ranking"),
        (SAFE, labels("CONTRADICTION", "NEUTRAL", "ENTAILMENT"), "zero-shot-classification"),
        (("model.onnx", "vocab.txt"), labels("NEGATIVE", "POSITIVE"), None),
        (SAFE, headed("ForTokenClassification"), "token-classification"),
        (SAFE, headed("ForMaskedLM"), "fill-mask"),
        (SAFE, headed("ForQuestionAnswering"), None),
        (SAFE, headed("ForConditionalGeneration", model_type="t5"), None),
        ((), {}, None),
    ],
)
def test_a_repository_is_claimed_for_one_task_or_none(files, config, task):
    assert [name for name, claim in CLAIMS.items() if claim(files, config)] == [name for name in [task] if name]
