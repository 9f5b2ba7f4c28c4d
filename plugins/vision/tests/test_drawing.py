"""Answers are drawn on the picture that they belong to."""

import numpy as np
import pytest
from hub_vision.drawing import labels, text

from plugins.vision.tests.conftest import noise

LINES = {
    "generated_text": "Hello",
    "boxes": [
        {
            "text": said,
            "score": 0.9,
            "box": {"xmin": 20, "ymin": top, "xmax": 90, "ymax": top + 20},
            "polygon": [[20, top], [90, top], [90, top + 20], [20, top + 20]],
        }
        for said, top in (("Hello", 5), ("你好", 60))
    ],
}


def test_labels_stand_in_the_corner_and_leave_the_rest():
    picture = noise(200, 300)
    drawn = labels(picture, [{"label": "Egyptian cat", "score": 0.39}, {"label": "tabby", "score": 0.2}])
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert (drawn[:30, :60] != picture[:30, :60]).any()
    np.testing.assert_array_equal(drawn[150:, 200:], picture[150:, 200:])


def test_lines_are_outlined_where_they_are_and_read_beside_the_picture():
    picture = np.full((100, 120, 3), 255, np.uint8)
    drawn = text(picture, LINES)
    assert drawn.shape == (100, 240, 3)
    changed = (drawn != 255).any(axis=2)
    assert changed[25, 20:91].all()
    assert changed[60:81, 90].all()
    assert not changed[:, 95:120].any()
    assert changed[5:26, 140:211].any()
    assert changed[60:81, 140:211].any()
    assert not changed[30:55, 120:].any()
    assert (picture == 255).all()


@pytest.mark.parametrize("answer", [{"generated_text": "", "boxes": []}, {"generated_text": ""}])
def test_a_picture_without_text_stays_as_it_is(answer):
    picture = noise(30, 40)
    np.testing.assert_array_equal(text(picture, answer), picture)
