"""Pictures are read from whatever a person has, and what is none is refused."""

import struct
import zlib
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from hub_image.reading import LIMIT, read
from PIL import Image

from hub.errors import InputError
from plugins.image.tests.conftest import encoded


def header(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds next to nothing: what a bomb looks like before it is decoded."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    said = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", said) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_a_file_is_read_as_path_bytes_stream_and_picture(kind, colours, tmp_path):
    picture = Image.fromarray(colours).quantize(64) if kind == "GIF" else Image.fromarray(colours)
    expected = np.asarray(picture.convert("RGB"))
    path = tmp_path / "given"
    path.write_bytes(encoded(picture, kind))
    for given in (
        path,
        str(path),
        path.read_bytes(),
        bytearray(path.read_bytes()),
        BytesIO(path.read_bytes()),
        picture,
    ):
        np.testing.assert_array_equal(read(given), expected)
    with path.open("rb") as stream:
        np.testing.assert_array_equal(read(stream), expected)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files_come_near_to_what_they_show(kind):
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    found = read(encoded(Image.fromarray(smooth), kind, quality=95))
    assert np.abs(found.astype(int) - smooth).mean() < 4


def test_orientation_is_applied_as_exif_says(colours):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the top of the scene is at the right
    turned = read(encoded(Image.fromarray(colours), "PNG", exif=exif))
    np.testing.assert_array_equal(turned, np.rot90(colours, -1))


def test_damaged_exif_is_no_reason_to_refuse(colours):
    content = encoded(Image.fromarray(colours), "PNG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    np.testing.assert_array_equal(read(content), colours)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 255]], np.uint8), [[0, 0, 0], [255, 255, 255]]),
        (np.array([[True, False]]), [[255, 255, 255], [0, 0, 0]]),
        (np.array([[0, 65535]], np.uint16), [[0, 0, 0], [255, 255, 255]]),
        (np.array([[[0.0, 0.5, 1.0]]]), [[0, 128, 255]]),
        (np.array([[[10, 20, 30, 255], [10, 20, 30, 0]]], np.uint8), [[10, 20, 30], [255, 255, 255]]),
        (np.array([[[0, 255], [0, 0]]], np.uint8), [[0, 0, 0], [255, 255, 255]]),
    ],
    ids=["grey", "bool", "uint16", "float", "rgba", "grey-alpha"],
)
def test_arrays_of_any_usual_form_are_taken(array, expected):
    found = read(array)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, [expected])


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("1", (2, 1), 1), 255),
        (Image.new("L", (2, 1), 77), 77),
        (Image.new("CMYK", (2, 1), (0, 0, 0, 0)), 255),
        (Image.new("RGBA", (2, 1), (0, 0, 0, 0)), 255),
        (Image.new("LA", (2, 1), (0, 255)), 0),
        (Image.new("I;16", (2, 1), 0xFFFF), 255),
        (Image.new("F", (2, 1), 3.5), 0),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else "",
)
def test_every_mode_becomes_rgb(picture, expected):
    np.testing.assert_array_equal(read(picture), np.full((1, 2, 3), expected))


def test_a_palette_with_a_transparent_colour_is_laid_on_white():
    picture = Image.new("P", (1, 1), 3)
    picture.putpalette([0, 0, 0] * 16)
    np.testing.assert_array_equal(read(encoded(picture, "PNG", transparency=3)), [[[255, 255, 255]]])


def test_the_first_of_several_frames_is_taken():
    frames = [Image.new("L", (3, 2), shade) for shade in (10, 200)]
    content = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read(content), np.full((2, 3, 3), 10))


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (40_000, 40_000), (2_000_000_000, 2)])
def test_a_bomb_is_refused_from_its_header(width, height):
    with pytest.raises(InputError, match=r"megapixels|exceeds limit"):
        read(header(width, height))


def test_how_many_pixels_are_allowed_can_be_set(monkeypatch):
    monkeypatch.setenv("HUB_IMAGE_MAX_PIXELS", "10")
    with pytest.raises(InputError, match="HUB_IMAGE_MAX_PIXELS=12"):
        raise_with_hint(lambda: read(np.zeros((3, 4), np.uint8)))
    monkeypatch.setenv("HUB_IMAGE_MAX_PIXELS", "12")
    assert read(np.zeros((3, 4), np.uint8)).shape == (3, 4, 3)
    monkeypatch.setenv("HUB_IMAGE_MAX_PIXELS", "many")
    with pytest.raises(InputError, match="a number of pixels"):
        read(np.zeros((3, 4), np.uint8))


def raise_with_hint(call):
    """Put the hint into the message, where `match` sees it."""
    try:
        call()
    except InputError as error:
        raise InputError(f"{error.message} {error.hint}") from error


def test_a_huge_array_is_refused_without_a_copy():
    wide = np.broadcast_to(np.uint8(0), (1, LIMIT // 1000 + 1, 1))
    with pytest.raises(InputError, match="megapixels"):
        read(np.broadcast_to(wide, (1000, LIMIT // 1000 + 1, 1)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture at all",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["empty", "text", "pdf", "eps", "signature"],
)
def test_what_is_no_picture_is_refused_and_named(content, tmp_path):
    path = tmp_path / "holiday.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"holiday\.png (is no picture of a known format|cannot be read as a picture)"):
        read(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_a_file_that_is_cut_off_is_refused(kind):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    with pytest.raises(InputError, match="cannot be read as a picture"):
        read(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Path("nowhere.png"), "No such file"),
        (Path(), "is a folder"),
        (StringIO("text"), "mode 'rb'"),
        (42, "int is no picture"),
        (np.zeros((2, 2, 5), np.uint8), "shape"),
        (np.zeros((3, 20, 20), np.uint8), "channels last"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (np.full((2, 2), 255.0), "from 0 to 1"),
        (np.full((2, 2), np.nan), "from 0 to 1"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.array([["a"]]), "no picture"),
    ],
    ids=[
        "missing",
        "folder",
        "text-stream",
        "number",
        "channels",
        "first",
        "line",
        "empty",
        "range",
        "nan",
        "int",
        "str",
    ],
)
def test_other_things_are_refused_with_the_reason(given, reason):
    with pytest.raises(InputError, match=reason):
        raise_with_hint(lambda: read(given))
