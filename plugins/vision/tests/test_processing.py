"""Pictures become the pixel values that transformers' own image processors make, bit by bit."""

import json

import numpy as np
import pytest
from hub_vision.classification.processing import read_processing
from hub_vision.classification.processors import PROCESSORS

from hub.errors import InferenceError
from plugins.vision.tests.conftest import noise

SIZES = ((60, 90), (90, 60), (64, 64), (31, 200), (10, 12))


def write(folder, **settings):
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def theirs(name, settings):
    """The processor of transformers that works without torchvision."""
    import transformers

    found = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    return found(**{key: value for key, value in settings.items() if key != "image_processor_type"})


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", sorted(PROCESSORS))
def test_a_processor_that_says_nothing_does_what_its_class_does(name, size, tmp_path):
    picture = noise(*size)
    expected = theirs(name, {})(picture, return_tensors="np")["pixel_values"][0]
    found = read_processing(write(tmp_path, image_processor_type=name))(picture)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ViTImageProcessor", {"size": {"height": 20, "width": 30}, "resample": 3}),
        ("ViTImageProcessor", {"size": 24}),
        ("ViTImageProcessor", {"do_resize": False, "do_normalize": False}),
        ("ViTImageProcessor", {"do_rescale": False, "image_mean": [120, 110, 100], "image_std": [60, 61, 62]}),
        ("CLIPImageProcessor", {"size": 40, "crop_size": 32}),
        ("CLIPImageProcessor", {"size": {"shortest_edge": 20}, "do_center_crop": False}),
        ("BitImageProcessor", {"size": {"shortest_edge": 24, "longest_edge": 30}, "do_center_crop": False}),
        ("BitImageProcessor", {"size": {"shortest_edge": 24, "longest_edge": 300}, "crop_size": 64}),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 40}, "crop_pct": 0.95}),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 400}}),
        ("PoolFormerImageProcessor", {"size": {"height": 30, "width": 40}, "crop_size": 24}),
        ("PoolFormerImageProcessor", {"size": {"height": 30, "width": 30}, "crop_size": 24, "crop_pct": 0.8}),
        ("EfficientNetImageProcessor", {"size": 32, "include_top": False, "rescale_offset": True, "resample": 0}),
        ("MobileViTImageProcessor", {"size": {"shortest_edge": 36}, "crop_size": 32, "do_flip_channel_order": False}),
        ("PerceiverImageProcessor", {"size": 28, "crop_size": 32}),
        ("LevitImageProcessor", {"size": {"shortest_edge": 28}, "crop_size": 28}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_settings_mean_what_they_mean_in_transformers(name, settings, size, tmp_path):
    picture = noise(*size)
    expected = theirs(name, settings)(picture, return_tensors="np")["pixel_values"][0]
    found = read_processing(write(tmp_path, image_processor_type=name, **settings))(picture)
    np.testing.assert_array_equal(found, expected)


def test_older_files_name_a_feature_extractor(tmp_path):
    picture = noise(60, 40)
    expected = theirs("ViTImageProcessor", {"size": 24})(picture, return_tensors="np")["pixel_values"][0]
    found = read_processing(write(tmp_path, feature_extractor_type="ViTFeatureExtractor", size=24))(picture)
    np.testing.assert_array_equal(found, expected)


def test_a_file_without_a_class_is_taken_where_it_says_all(tmp_path):
    said = {"do_resize": True, "size": 8, "resample": 2, "do_normalize": True, "image_mean": [0, 0, 0], "image_std": 1}
    assert read_processing(write(tmp_path, **said))(noise(9, 9)).shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"image_processor_type": "ImageGPTImageProcessor"}, "ImageGPTImageProcessor, which is not known"),
        ({"size": 3}, "names no image processor"),
        ({}, "names no image processor"),
        ({"image_processor_type": "ViTImageProcessor", "size": "large"}, "a size that is none: large"),
        ({"image_processor_type": "ViTImageProcessor", "size": {"height": 0, "width": 3}}, "a size that is none"),
        ({"image_processor_type": "ViTImageProcessor", "image_mean": [1, 2]}, "no three numbers as image_mean"),
        ({"image_processor_type": "ViTImageProcessor", "resample": "cubic"}, "no number as resample: cubic"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_not_known_is_refused(settings, reason, tmp_path):
    with pytest.raises(InferenceError, match=reason):
        read_processing(write(tmp_path, **settings))
