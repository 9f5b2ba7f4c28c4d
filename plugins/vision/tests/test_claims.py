"""Which unlisted repositories are classifiers of pictures."""

import pytest
from hub_vision.claims import classifies

FILES = ("config.json", "model.safetensors", "preprocessor_config.json")


@pytest.mark.parametrize(
    ("files", "config", "ours"),
    [
        (FILES, {"architectures": ["ViTForImageClassification"]}, True),
        (FILES, {"architectures": ["DeiTForImageClassificationWithTeacher"]}, True),
        (FILES[:2], {"architectures": ["ViTForImageClassification"]}, False),
        (FILES, {"architectures": ["ViTModel"]}, False),
        (FILES, {"architectures": None}, False),
        (FILES, {}, False),
    ],
)
def test_a_classifier_is_told_by_its_head(files, config, ours):
    assert classifies(files, config) is ours
