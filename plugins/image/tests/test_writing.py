"""Pictures are written in the form of a suffix."""

import numpy as np
import pytest
from hub_image.plugin import SUFFIXES, hub_kinds
from hub_image.reading import read
from hub_image.writing import describe, write

from hub.errors import InputError

EXACT = (".png", ".tif", ".tiff", ".bmp", ".ppm")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_again(suffix, colours):
    found = read(write(colours, suffix))
    assert found.shape == colours.shape
    if suffix in EXACT:
        np.testing.assert_array_equal(found, colours)


def test_the_wire_form_is_png(colours):
    [kind] = hub_kinds()
    assert write(colours, kind.suffixes[0]).startswith(b"\x89PNG")
    assert kind.media == "image/png"


def test_a_picture_is_described_by_its_size(colours):
    assert describe(colours) == {"width": 7, "height": 5}


@pytest.mark.parametrize("suffix", [".eps", "", ".mp4"])
def test_other_suffixes_are_refused(suffix, colours):
    with pytest.raises(InputError, match="is not written as"):
        write(colours, suffix)


@pytest.mark.parametrize("value", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.float32), "text"])
def test_what_is_no_picture_is_not_written(value):
    with pytest.raises(InputError, match="a picture is a uint8 array"):
        write(value, ".png")
