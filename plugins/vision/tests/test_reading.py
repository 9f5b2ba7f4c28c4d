"""Text on pictures is read through the real weights of PP-OCR."""

import json

import numpy as np
import pytest
from hub_vision.fidelity import distance
from PIL import Image

import hub
from hub.errors import InputError
from plugins.vision.tests.conftest import noise, opened, page

pytestmark = pytest.mark.weights

TEXT = """The museum opens at nine in the morning.
Tickets cost 12.50 for adults and 6 for children.
Dogs stay outside; bicycles go into the yard.
Call +49 30 1234567 or write to info@example.org"""


@pytest.fixture(scope="module")
def reader(vision_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(vision_home))
        model = hub.load("ppocr", backend="onnx", threads=2)
    with model:
        yield model


def error_rate(found, expected):
    return distance(expected, found) / len(expected)


def test_printed_text_is_read_line_by_line(reader):
    found = reader.infer(page(TEXT))
    assert error_rate(found["generated_text"], TEXT) <= 0.02
    assert found["generated_text"] == "\n".join(box["text"] for box in found["boxes"])


def test_another_runtime_reads_the_same(vision_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(vision_home))
    with hub.load("ppocr", backend="openvino", threads=2) as model:
        assert error_rate(model.infer(page(TEXT))["generated_text"], TEXT) <= 0.02


def test_places_hold_the_text_that_they_say(reader):
    picture = np.full((300, 500, 3), 255, np.uint8)
    word = page("Hamburg", margin=5, flat=True)
    picture[200 : 200 + word.shape[0], 300 : 300 + word.shape[1]] = word
    [line] = reader.infer(picture)["boxes"]
    assert line["text"] == "Hamburg"
    assert 0.9 < line["score"] <= 1
    box = line["box"]
    assert 290 <= box["xmin"] < 320
    assert 195 <= box["ymin"] < 220
    assert box["xmax"] <= 310 + word.shape[1]
    assert box["ymax"] <= 210 + word.shape[0]
    dark = (picture < 100).all(axis=2)
    inside = dark[box["ymin"] : box["ymax"] + 1, box["xmin"] : box["xmax"] + 1].sum()
    assert inside == dark.sum()
    assert line["polygon"][0] == [box["xmin"], box["ymin"]]


def test_a_page_that_is_shrunk_for_detection_has_its_places_in_its_own_pixels(reader):
    sheet = page(TEXT, size=72, margin=120, flat=True)
    picture = np.full((2200, 3000, 3), 255, np.uint8)
    picture[900 : 900 + sheet.shape[0], 600 : 600 + sheet.shape[1]] = sheet[:, :2400]
    found = reader.infer(picture)
    assert error_rate(found["generated_text"], TEXT) <= 0.02
    dark = np.argwhere((picture < 100).all(axis=2))
    assert abs(min(line["box"]["ymin"] for line in found["boxes"]) - dark[:, 0].min()) < 40
    assert abs(max(line["box"]["xmax"] for line in found["boxes"]) - dark[:, 1].max()) < 40


def test_a_single_flat_line_is_read(reader):
    text = "Sphinx of black quartz, judge my vow, and then judge it once more"
    picture = page(text, size=20, margin=5, flat=True)
    assert picture.shape[1] / picture.shape[0] > 12
    [line] = reader.infer(picture)["boxes"]
    assert error_rate(line["text"], text) <= 0.05
    assert 0 <= line["box"]["ymin"] < line["box"]["ymax"] <= picture.shape[0]


def test_a_long_receipt_is_read_from_the_top(reader):
    items = ["Bread 2.40", "Milk 1.19", "Cheese 4.80", "Apples 3.05", "Tea 2.99", "Total 14.43"]
    picture = np.full((2400, 260, 3), 255, np.uint8)
    for number, item in enumerate(items):
        word = page(item, size=26, margin=10, flat=True)
        picture[number * 400 : number * 400 + word.shape[0], : word.shape[1]] = word[:, :260]
    assert reader.infer(picture)["generated_text"].split("\n") == items


def test_text_that_is_upside_down_is_turned_if_asked(reader):
    picture = page("The harbour was empty that evening.")[::-1, ::-1]
    assert error_rate(reader.infer(picture)["generated_text"], "The harbour was empty that evening.") <= 0.05
    assert error_rate(reader.infer(picture, direction=False)["generated_text"], "The harbour was empty") > 0.3


def test_text_that_is_slanted_is_read(reader):
    turned = Image.fromarray(page("A slanted line of text", size=36)).rotate(12, expand=True, fillcolor="white")
    found = reader.infer(np.asarray(turned))
    assert found["generated_text"] == "A slanted line of text"
    [line] = found["boxes"]
    assert line["polygon"][0][1] - line["polygon"][1][1] > 30


def test_light_text_on_a_dark_ground_is_read(reader):
    assert reader.infer(page("Night mode", colour="white", ground="#102030"))["generated_text"] == "Night mode"


def test_columns_are_read_one_after_the_other(reader):
    left = page(
        "One reads this column\nfrom its first line to\nits last line before\nthe other begins.", size=24, flat=True
    )
    right = page(
        "Only then does one go\nup again to the second\ncolumn on the right,\nand reads on there.", size=24, flat=True
    )
    height = max(left.shape[0], right.shape[0])
    sides = [
        np.pad(side, ((0, height - side.shape[0]), (0, 40), (0, 0)), constant_values=255) for side in (left, right)
    ]
    words = reader.infer(np.concatenate(sides, axis=1))["generated_text"].split()
    assert words.index("begins.") < words.index("Only")
    assert words[-1] == "there."


def test_a_real_scan_is_read(reader, photos):
    words = reader.infer(opened(photos / "page.png"))["generated_text"].lower()
    for expected in ("region-based segmentation", "let us first determine markers"):
        assert expected in words


def test_a_picture_without_text_has_none(reader):
    empty = {"generated_text": "", "boxes": []}
    assert reader.infer(np.full((200, 300, 3), 255, np.uint8)) == empty
    assert reader.infer(np.zeros((1, 1, 3), np.uint8)) == empty
    assert reader.infer(noise(40, 40))["boxes"] == []


def test_several_pictures_are_answered_in_order(reader):
    words = ["alpha", "beta", "gamma"]
    answers = reader.infer([page(word, size=20 + 8 * number) for number, word in enumerate(words)])
    assert [answer["generated_text"] for answer in answers] == words


def test_a_batch_of_lines_reads_as_each_line_alone(reader):
    assert reader.infer(page(TEXT), batch_size=1)["generated_text"] == reader.infer(page(TEXT))["generated_text"]


def test_unsure_lines_are_left_out(reader):
    assert reader.infer(page(TEXT), min_score=1.0)["boxes"] == []


def test_files_bytes_and_pictures_are_read(reader, tmp_path):
    path = tmp_path / "note.png"
    Image.fromarray(page("Note to self")).save(path)
    for given in (path, str(path), path.read_bytes(), Image.open(path)):
        assert reader.infer(given)["generated_text"] == "Note to self"
    path.write_text("not a picture")
    with pytest.raises(InputError, match=r"note\.png is no picture"):
        reader.infer(path)


def test_the_command_prints_text_in_a_pipe_and_places_as_json(vision_home, run_hub, tmp_path):
    path = tmp_path / "note.png"
    Image.fromarray(page("Milk, bread, two lemons")).save(path)
    environment = {"HUB_HOME": str(vision_home)}
    plain = run_hub("run", "ppocr", str(path), env=environment)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout == "Milk, bread, two lemons\n"
    drawn = tmp_path / "drawn.png"
    saved = run_hub("run", "ppocr", str(path), "--json", "--save", str(drawn), env=environment)
    assert saved.returncode == 0, saved.stderr
    assert json.loads(saved.stdout)["results"][0]["boxes"][0]["text"] == "Milk, bread, two lemons"
    given, shown = np.asarray(Image.open(path)), np.asarray(Image.open(drawn))
    assert (shown[:, : given.shape[1]] != given).any()


def test_the_command_reads_bytes_from_a_pipe(vision_home, run_hub, tmp_path):
    path = tmp_path / "note.png"
    Image.fromarray(page("From a pipe")).save(path)
    environment = {"HUB_HOME": str(vision_home)}
    found = run_hub("run", "ppocr", "-", env=environment, input=path.read_bytes(), text=False)
    assert found.stdout == b"From a pipe\n", found.stderr


def test_a_folder_is_read_and_what_is_broken_is_named(vision_home, run_hub, tmp_path):
    for name in ("a", "b", "d"):
        Image.fromarray(page(f"Sheet {name}")).save(tmp_path / f"{name}.png")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    found = run_hub("run", "ppocr", str(tmp_path), env={"HUB_HOME": str(vision_home)})
    assert found.returncode == 1
    assert [line for line in found.stdout.splitlines() if "Sheet" in line] != []
    for name in ("a", "b", "d"):
        assert f"Sheet {name}" in found.stdout
    assert "c.png" in found.stderr
