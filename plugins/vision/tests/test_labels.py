"""Labels come from the files of the model."""

import json

import numpy as np
import pytest
from hub_vision.classification.labels import FUNCTIONS, read_labels

from hub.errors import InferenceError


def test_labels_of_the_config_come_first(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "cat", "1": "dog"}}))
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    labels = read_labels(tmp_path)
    assert [labels.name(number) for number in range(3)] == ["cat", "dog", "LABEL_2"]


def test_a_list_has_a_label_on_each_line(tmp_path):
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    assert read_labels(tmp_path).name(1) == "two"


def test_synsets_become_their_first_word(tmp_path):
    (tmp_path / "imagenet_synsets.txt").write_text("n2\nn1\nn3\n")
    (tmp_path / "imagenet_synset_to_lemma.txt").write_text("n1\tcat, pussy\nn2\tgreat white shark, white shark\n")
    labels = read_labels(tmp_path)
    assert [labels.name(number) for number in range(3)] == ["great white shark", "cat", "n3"]


def test_a_model_without_names_numbers_them(tmp_path):
    assert read_labels(tmp_path).name(7) == "LABEL_7"


def test_a_broken_config_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InferenceError, match=r"config\.json cannot be read as JSON"):
        read_labels(tmp_path)


@pytest.mark.parametrize(
    ("config", "count", "function"),
    [
        ({}, 3, "softmax"),
        ({}, 1, "sigmoid"),
        ({"problem_type": "multi_label_classification"}, 3, "sigmoid"),
        ({"problem_type": "regression"}, 1, "none"),
    ],
)
def test_the_config_says_what_makes_scores(config, count, function, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_labels(tmp_path).function(count) == function


def test_scores_stay_finite_for_large_logits():
    logits = np.array([1e4, -1e4, 0.0])
    np.testing.assert_allclose(FUNCTIONS["softmax"](logits), [1, 0, 0])
    np.testing.assert_allclose(FUNCTIONS["sigmoid"](logits), [1, 0, 0.5])
