"""Pictures of any size are brought to one that detection takes, and places come back."""

import numpy as np
import pytest
from hub_vision.ocr.detection import boxes_of, clockwise, feed
from hub_vision.ocr.scaling import scaled
from hub_vision.ocr.strips import batches, cut_out

from plugins.vision.tests.conftest import noise


@pytest.mark.parametrize("size", [(200, 300), (3000, 2000), (20, 500), (1, 1), (4000, 3), (40, 900)], ids=str)
def test_no_side_is_longer_than_allowed_and_places_come_back(size):
    work = scaled(np.zeros((*size, 3), np.uint8), 2000)
    tall, wide = work.picture.shape[:2]
    assert wide <= 2000
    assert tall - 2 * work.above <= 2000
    corners = work.back(np.array([[0, work.above], [wide, tall - work.above], [-5, -5], [1e6, 1e6]], np.float32))
    np.testing.assert_allclose(corners, [[0, 0], size[::-1], [0, 0], size[::-1]], atol=1e-2)


def test_a_usual_picture_stays_as_it_is():
    picture = noise(200, 300)
    assert scaled(picture, 2000).picture is picture


def test_the_detector_gets_bgr_from_minus_one_to_one():
    red = np.zeros((736, 736, 3), np.uint8)
    red[:, :, 0] = 255
    given = feed(red)
    assert given.shape == (1, 3, 736, 736)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given[0, :, 0, 0], [-1, -1, 1], atol=1e-6)


def test_boxes_are_grown_and_fit_the_picture():
    chances = np.zeros((96, 192), np.float32)
    chances[40:50, 20:120] = 0.9
    [found] = boxes_of(chances, (192, 384), threshold=0.5, growth=1.6)
    left, top = found.corners.min(axis=0)
    right, bottom = found.corners.max(axis=0)
    more = 100 * 10 * 1.6 / (2 * (100 + 10))
    assert abs(left - 2 * (20 - more)) <= 4
    assert abs(right - 2 * (120 + more)) <= 4
    assert abs(top - 2 * (40 - more)) <= 4
    assert abs(bottom - 2 * (50 + more)) <= 4
    assert found.score > 0.8
    assert boxes_of(chances, (192, 384), threshold=0.95, growth=1.6) == []


def test_corners_are_put_in_order():
    given = np.array([[10, 10], [0, 0], [10, 0], [0, 10]], np.float32)
    np.testing.assert_array_equal(clockwise(given), [[0, 0], [10, 0], [10, 10], [0, 10]])


def test_a_strip_is_what_lies_between_the_corners():
    picture = noise(60, 80)
    strip = cut_out(picture, np.array([[10, 20], [50, 20], [50, 40], [10, 40]], np.float32))
    np.testing.assert_array_equal(strip, picture[20:40, 10:50])


def test_tall_strips_are_laid_on_their_side():
    picture = noise(60, 80)
    strip = cut_out(picture, np.array([[10, 5], [20, 5], [20, 45], [10, 45]], np.float32))
    np.testing.assert_array_equal(strip, np.rot90(picture[5:45, 10:20]))


def test_batches_hold_strips_of_like_shape_and_are_as_wide_as_needed():
    strips = [noise(24, width) for width in (30, 400, 60, 380, 90)]
    found = list(batches(strips, 2, height=48, width=320, grow=True))
    assert [sorted(numbers) for numbers, _ in found] == [[0, 2], [3, 4], [1]]
    assert [batch.shape for _, batch in found] == [(2, 3, 48, 320), (2, 3, 48, 760), (1, 3, 48, 800)]
    narrow = found[0][1][0]
    assert (narrow[:, :, 60:] == 0).all()
    squeezed = list(batches(strips, 6, height=48, width=192, grow=False))
    assert squeezed[0][1].shape == (5, 3, 48, 192)
