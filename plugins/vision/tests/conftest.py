"""Real weights and photos, pulled once, and tiny models of transformers with random weights."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.conftest import CACHE, hub_home, pip, pull_once, run_hub  # noqa: F401

WEIGHTS = ("ppocr", "efficientnet-lite0")
PHOTOS = "scikit-image==0.26.0"
NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "page.png", "text.png")


@pytest.fixture(scope="session")
def vision_home() -> Path:
    """`HUB_HOME` that holds the real weights between tests and runs."""
    from filelock import FileLock

    home = CACHE / "vision"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "vision.lock"):
        for reference in WEIGHTS:
            pull_once(home, reference)
    return home


@pytest.fixture(scope="session")
def photos() -> Path:
    """Folder of photos and scans, out of a wheel that is never installed."""
    from filelock import FileLock

    folder = CACHE / "photos"
    with FileLock(CACHE / "photos.lock"):
        if not all((folder / name).is_file() for name in NAMES):
            folder.mkdir(parents=True, exist_ok=True)
            pip("download", "--quiet", "--no-deps", "--dest", str(folder), PHOTOS)
            [wheel] = folder.glob("scikit_image-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                for name in NAMES:
                    (folder / name).write_bytes(archive.read(f"skimage/data/{name}"))
            wheel.unlink()
    return folder


def opened(path: Path) -> np.ndarray:
    """A picture file as pixels."""
    return np.asarray(Image.open(path).convert("RGB"))


def page(
    text: str, *, size: int = 28, margin: int = 30, colour: str = "black", ground: str = "white", flat: bool = False
) -> np.ndarray:
    """Text, set. Empty below it like a sheet, unless `flat`: the detector enlarges what is not high."""
    font = ImageFont.load_default(size)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((margin, margin), text, font, spacing=size // 2)
    width, height = int(box[2]) + margin, int(box[3]) + margin
    picture = Image.new("RGB", (width, height if flat else max(height, 2 * width // 3)), ground)
    ImageDraw.Draw(picture).multiline_text((margin, margin), text, colour, font, spacing=size // 2)
    return np.asarray(picture)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


TINY = {
    "vit": {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "image_size": 32,
        "patch_size": 8,
    },
    "convnext": {"num_stages": 2, "hidden_sizes": [8, 16], "depths": [1, 1], "patch_size": 4},
    "mobilenet_v2": {"depth_multiplier": 0.25, "min_depth": 4},
}
PROCESSING = {
    "vit": {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}},
    "convnext": {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 48}, "crop_pct": 0.875},
    "mobilenet_v2": {
        "image_processor_type": "MobileNetV2ImageProcessor",
        "size": {"shortest_edge": 64},
        "crop_size": {"height": 56, "width": 56},
    },
}
LABELS = ("cat", "dog", "fish", "bird", "stone", "tree")


def write_tiny(folder: Path, family: str) -> Path:
    """A classifier with random weights, as `save_pretrained` writes it."""
    import torch
    from transformers import AutoConfig, AutoModelForImageClassification

    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **TINY[family], num_labels=len(LABELS), id2label=dict(enumerate(LABELS)))
    model = AutoModelForImageClassification.from_config(config)
    for parameter in model.parameters():  # as they are made, all pictures look alike to it
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSING[family]))
    return folder
