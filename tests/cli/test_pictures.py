"""Pictures of figures given by hand: what is drawn lies where it should, and a page asks nobody for anything."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from hub.cli.pictures.labels import Box, place_labels
from hub.cli.pictures.page import page
from hub.cli.pictures.rows import grouped, headers, rows
from hub.cli.pictures.scales import linear, losses
from hub.cli.pictures.scatter import scenes
from hub.cli.pictures.scene import Circle, Scene, Text
from hub.cli.pictures.svg import svg

AREA = Box(0, 0, 800, 400)


def way(name: str, backend: str, speed: float, size: int, loss: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"{name} → {backend} on cpu",
        "variant": name,
        "recipe": "",
        "load_steps": "",
        "backend": backend,
        "device": "cpu",
        "pareto": True,
        "origin": loss == 0,
        "figures": {
            "size": size,
            "load_seconds": 1.5,
            "memory": 100_000_000,
            "device_memory": None,
            "speeds": [
                {"batch": 1, "unit": "items", "per_second": speed, "p50": 0.01, "p95": 0.02, "first_token": None}
            ],
        },
        "fidelity": None if not loss else {"figures": {"cosine": 1 - loss}, "loss": loss, "inputs": 6},
        "loss": loss,
        "not_compared": "",
        "error": "",
        **changes,
    }


def report(*ways: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "model": "maker/thing",
        "task": "feature-extraction",
        "measured": "2030-01-02T03:04:05+00:00",
        "hub": "1.0",
        "machine": {"processor": "A chip", "cores": 2, "memory": 8_000_000_000, "system": "Linux x86_64"},
        "data": {"inputs": 6, "compared": 6, "files": []},
        "rounds": 3,
        "compared_with": "plain → one on cpu",
        "ways": list(ways),
        "skipped": [],
        **changes,
    }


PLAIN = way("plain", "one", 100, 90_000_000, 0.0)
SMALL = way("small", "two", 400, 23_000_000, 0.01, pareto=False)
FAILED = way("odd", "two", 1, 1, None, figures=None, error="it fell over", pareto=False)


def dots(scene: Scene) -> dict[str, Circle]:
    return {item.title.split(" → ")[0]: item for item in scene.items if isinstance(item, Circle) and item.title}


def test_faster_is_right_smaller_is_left_and_what_loses_less_is_above() -> None:
    speed, size = scenes(report(PLAIN, SMALL, FAILED))
    plain, small = dots(speed)["plain"], dots(speed)["small"]
    assert small.x > plain.x
    assert plain.y < small.y
    assert (plain.filled, small.filled) == (True, False)
    assert plain.style != small.style
    assert dots(size)["small"].x < dots(size)["plain"].x
    assert set(dots(speed)) == {"plain", "small"}


def test_without_a_loss_size_is_drawn_against_speed() -> None:
    [scene] = scenes(report(PLAIN, way("small", "two", 400, 23_000_000, None)))
    found = dots(scene)
    assert found["small"].x > found["plain"].x
    assert found["small"].y > found["plain"].y


def test_dots_on_each_other_share_a_name() -> None:
    twin = way("twin", "two", 100.01, 90_000_000, 0.00001)
    speed, _ = scenes(report(PLAIN, twin, SMALL))
    named = {item.text for item in speed.items if isinstance(item, Text)}
    assert "plain · one +1" in named
    assert "small · two" in named


def test_nothing_that_is_drawn_lies_outside() -> None:
    many = [way(f"a rather long name {place}", "one", place * 37.0, place * 10**7, place / 7) for place in range(30)]
    for scene in scenes(report(*many)):
        for item in scene.items:
            assert 0 <= item.x <= scene.width
            assert 0 <= item.y <= scene.height


def test_no_name_covers_another_one_or_a_dot() -> None:
    centres = [(100.0 + 13 * place, 200.0 + (place % 5) * 9) for place in range(24)]
    placed = place_labels(centres, 6, [f"variant {place} · backend" for place in range(24)], 12, AREA)
    boxes = [label.box for label in placed if label is not None]
    assert len(boxes) > 12
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].meets(pair[1])]
    circles = [Box(x - 6, y - 6, x + 6, y + 6) for x, y in centres]
    assert not [(box, circle) for box in boxes for circle in circles if box.meets(circle)]
    assert all(box.inside(AREA) for box in boxes)


@pytest.mark.parametrize("most", [0.003, 0.9, 1, 7, 99.9, 101, 850, 1234567])
def test_an_axis_has_few_round_ticks_and_reaches_the_highest_value(most: float) -> None:
    scale = linear([most, most / 3], 0, 100)
    assert 3 <= len(scale.ticks) <= 9
    assert scale.high >= most
    assert scale.high < most * 1.7
    assert 0 < scale.place(most) <= 100


def test_losses_span_decades_and_those_that_print_alike_lie_alike() -> None:
    scale = losses([0.0, 0.00002, 0.03], 0, 300)
    assert scale.ticks == pytest.approx((1e-4, 1e-3, 1e-2, 1e-1))
    assert scale.place(0.0) == scale.place(0.00002) == 0
    assert scale.place(0.001) == pytest.approx(100)
    assert losses([0.0, float("inf")], 0, 100).place(float("inf")) == 100


def test_a_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    text = page(report(PLAIN, SMALL, FAILED))
    assert not re.search(r"https?:|src=|href=|<script|<link|@import|url\(|<iframe", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert "it fell over" in text


def test_what_strangers_named_is_text_on_the_page() -> None:
    evil = '<img src=x onerror="alert(1)">&"\''
    bad = way(evil, evil, 100, 90_000_000, 0.0)
    skipped = [{"variant": "", "recipe": evil, "backend": evil, "device": "cpu", "reason": evil}]
    text = page(report(bad, SMALL, way(evil, "x", 1, 1, None, figures=None, error=evil), model=evil, skipped=skipped))
    assert "<img" not in text
    assert text.count("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;") > 5


def test_svg_is_sound_xml() -> None:
    for scene in scenes(report(way("a & <b>", "one", 3, 5_000_000, 0.0), SMALL)):
        root = ET.fromstring(svg(scene))
        assert root.get("viewBox") == f"0 0 {scene.width:g} {scene.height:g}"
        assert any(text.text == "a & <b> · one" for text in root.iter("text"))


def test_png_has_the_same_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from hub.cli.pictures.png import write_png

    drawn = scenes(report(way("costs $5 and $6", "one", 100, 90_000_000, 0.0), SMALL))
    write_png(drawn, tmp_path / "p.png")
    content = (tmp_path / "p.png").read_bytes()
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    assert (width, height) == (2 * drawn[0].width, 2 * sum(scene.height for scene in drawn))


def test_where_the_right_answers_are_known_the_origin_shows_its_own_figure() -> None:
    figures = {"word_error_rate": 0.0625, "word_error_rate_before": 0.05, "word_difference": 0.03}
    small = way("small", "two", 400, 2, 0.03, fidelity={"figures": figures, "loss": 0.03, "inputs": 8})
    found = report(PLAIN, small)
    assert headers(found)[-2:] == ["word error rate", "loss"]
    assert [row[-2:] for row in rows(found)] == [["0.0500 (origin)", ""], ["0.0625", "0.0300"]]


def test_rows_have_the_columns_of_the_task() -> None:
    found = report(PLAIN, SMALL, FAILED)
    assert headers(found)[1:] == ["way", "size", "load", "memory", "items/s ×1", "p50", "p95", "cosine", "loss"]
    assert [len(row) for row in rows(found)] == [10, 10, 10]
    assert rows(found)[1][-2:] == ["0.9900", "0.0100"]
    assert rows(found)[2][:3] == ["", "odd → two on cpu", "it fell over"]


def test_a_language_model_has_a_first_token_and_perplexity() -> None:
    speeds = [{"batch": 1, "unit": "tokens", "per_second": 80.0, "p50": 0.4, "p95": 0.5, "first_token": 0.021}]
    figures = {"perplexity_before": 31.8, "perplexity": 33.0, "kl": 0.02}
    talks = way("talks", "one", 1, 9, 0.02)
    talks = {**talks, "figures": {**talks["figures"], "speeds": speeds}}
    talks["fidelity"] = {"figures": figures, "loss": 0.02, "inputs": 3}
    found = report(talks)
    named = ["way", "size", "load", "memory", "first token", "tokens/s ×1", "p50", "p95", "perplexity", "loss"]
    assert headers(found)[1:] == named
    assert rows(found)[0][5:] == ["21 ms", "80.0", "400 ms", "500 ms", "33.0000", "0.0200"]


def test_reasons_that_are_the_same_are_told_once() -> None:
    def skip(recipe: str, backend: str, device: str, reason: str) -> dict[str, str]:
        return {"variant": "", "recipe": recipe, "backend": backend, "device": device, "reason": reason}

    found = grouped(
        {
            "skipped": [
                skip("", "one", "cuda", "it finds no cuda"),
                skip("", "two", "cuda", "it finds no cuda"),
                skip("bf16", "two", "cpu", "it opens gguf"),
                skip("int8", "two", "cpu", "it opens gguf"),
                skip("teach", "one", "cpu", "'teach' wants options"),
                skip("teach", "two", "cpu", "'teach' wants options"),
                skip("", "three", "", "it is broken"),
            ]
        }
    )
    assert found == [
        ("one on cuda, two on cuda: as it is", "it finds no cuda"),
        ("two on cpu: bf16, int8", "it opens gguf"),
        ("one on cpu, two on cpu: teach", "'teach' wants options"),
        ("three: as it is", "it is broken"),
    ]
