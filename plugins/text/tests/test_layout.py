"""Reading what a model's own files say."""

import json

import pytest
from hub_text.embedding.layout import read_layout

from hub.errors import InferenceError

ST = "sentence_transformers.models"
NEW = "sentence_transformers.sentence_transformer.modules"


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def modules(*kinds, base=ST):
    return [{"idx": i, "path": f"{i}_{kind}" if i else "", "type": f"{base}.{kind}"} for i, kind in enumerate(kinds)]


def test_modules_say_pooling_and_normalisation(tmp_path):
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    folder = write(tmp_path, modules=modules("Transformer", "Pooling", "Normalize"), **{"1_Pooling__config": pooling})
    layout = read_layout(folder)
    assert (layout.poolings, layout.normalize, layout.notices) == (("cls",), True, ())


def test_without_a_normalize_module_vectors_are_not_scaled(tmp_path):
    folder = write(
        tmp_path, modules=modules("Transformer", "Pooling"), **{"1_Pooling__config": {"pooling_mode_mean_tokens": True}}
    )
    assert read_layout(folder).normalize is False


def test_several_poolings_are_joined_in_the_order_of_sentence_transformers(tmp_path):
    flags = {"pooling_mode_lasttoken": True, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}
    folder = write(tmp_path, modules=modules("Transformer", "Pooling"), **{"1_Pooling__config": flags})
    assert read_layout(folder).poolings == ("max", "mean", "lasttoken")


@pytest.mark.parametrize(("mode", "poolings"), [("lasttoken", ("lasttoken",)), (["mean", "cls"], ("cls", "mean"))])
def test_the_newer_spelling_of_pooling_is_read(tmp_path, mode, poolings):
    folder = write(
        tmp_path, modules=modules("Transformer", "Pooling", base=NEW), **{"1_Pooling__config": {"pooling_mode": mode}}
    )
    assert read_layout(folder).poolings == poolings


def test_what_no_file_says_is_decided_and_told(tmp_path):
    layout = read_layout(tmp_path)
    assert (layout.poolings, layout.normalize, layout.limits.max_length) == (("mean",), True, None)
    assert "modules.json" in layout.notices[0]


def test_an_unknown_module_is_refused(tmp_path):
    with pytest.raises(InferenceError, match="'Dense'"):
        read_layout(write(tmp_path, modules=modules("Transformer", "Pooling", "Dense")))


def test_an_unknown_pooling_is_refused(tmp_path):
    folder = write(
        tmp_path, modules=modules("Transformer", "Pooling"), **{"1_Pooling__config": {"pooling_mode": "attention"}}
    )
    with pytest.raises(InferenceError, match="'attention'"):
        read_layout(folder)


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(InferenceError, match=r"modules.json cannot be read"):
        read_layout(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "tokenizer", "config", "length"),
    [
        ({"max_seq_length": 256}, {"model_max_length": 512}, {"max_position_embeddings": 512}, 256),
        ({}, {"model_max_length": 512}, {"max_position_embeddings": 514}, 512),
        ({}, {"model_max_length": 1e30}, {"max_position_embeddings": 8192}, 8192),
        ({"max_seq_length": None}, {"model_max_length": 1e30}, {}, None),
    ],
)
def test_the_length_comes_from_the_files_in_order(tmp_path, sentence, tokenizer, config, length):
    folder = write(tmp_path, sentence_bert_config=sentence, tokenizer_config=tokenizer, config=config)
    assert read_layout(folder).limits.max_length == length


def test_padding_and_prompt_are_read(tmp_path):
    folder = write(
        tmp_path,
        tokenizer_config={"pad_token": {"content": "<pad>"}, "padding_side": "left"},
        config={"pad_token_id": 3},
        sentence_bert_config={"do_lower_case": True},
        config_sentence_transformers={"prompts": {"query": "query: "}, "default_prompt_name": "query"},
    )
    layout = read_layout(folder)
    limits = layout.limits
    assert (limits.pad_token, limits.pad_id, limits.left_padding) == ("<pad>", 3, True)
    assert (layout.prompt, layout.lower_case) == ("query: ", True)
