"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import ModelSpec, TaskSpec, WeightFile, hookimpl
from hub_vision.options import CLASSIFICATION, READING

__all__ = ["hub_models", "hub_tasks"]


def _picture(name: str, size: int, sha256: str) -> WeightFile:
    """A picture that comes with scikit-image."""
    source = f"pypi:scikit-image==0.26.0/skimage/data/{name}"
    return WeightFile(path=name, size=size, sha256=sha256, sources=(source,))


_PHOTOS = (
    _picture("astronaut.png", 791555, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
    _picture("rocket.jpg", 112525, "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
    _picture("motorcycle_left.png", 644701, "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179"),
    _picture("motorcycle_right.png", 640373, "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797"),
    _picture("camera.png", 139512, "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a"),
    _picture("gravel.png", 194247, "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"),
    _picture("hubble_deep_field.jpg", 527940, "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4"),
    _picture("chelsea.png", 240512, "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    _picture("coffee.png", 466706, "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
)
"""The last quarter is kept from transforms: those whose subject is known."""

_PAGES = (
    _picture("page.png", 47679, "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3"),
    _picture("text.png", 42704, "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1"),
)


@hookimpl
def hub_tasks() -> list[TaskSpec]:
    """Give the tasks that take pictures; names and fields are those of Hugging Face."""
    return [
        TaskSpec(
            id="image-classification",
            inputs=("image",),
            outputs=("labels",),
            summary="Say what is on pictures.",
            samples="hub_vision.samples:image_classification",
            data=_PHOTOS,
            labelled="hub_vision.labelled:photos",
            read="hub_vision.samples:files",
            fidelity="hub.runtime.fidelity:Labels",
            draw="hub_vision.drawing:labels",
        ),
        TaskSpec(
            id="image-to-text",
            inputs=("image",),
            outputs=("text", "boxes"),
            summary="Read text on pictures, with its places (OCR).",
            samples="hub_vision.samples:image_to_text",
            data=_PAGES,
            labelled="hub_vision.labelled:pages",
            read="hub_vision.samples:files",
            fidelity="hub_vision.fidelity:TextError",
            draw="hub_vision.drawing:text",
        ),
    ]


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Give classifiers of every family that says how its pictures are prepared, EfficientNet-Lite, and PP-OCR."""
    return [
        ModelSpec(
            id="image-classification",
            task="image-classification",
            families=("*",),
            verbs=("run",),
            target="hub_vision.classification.model:ImageClassification",
            needs={"run": ("config.json", "preprocessor_config.json")},
            options=CLASSIFICATION,
            claims="hub_vision.claims:classifies",
            summary="Labels of pictures, prepared as preprocessor_config.json says",
        ),
        ModelSpec(
            id="efficientnet-lite",
            task="image-classification",
            families=("efficientnet-lite",),
            verbs=("run",),
            target="hub_vision.efficientnet.model:EfficientNetLiteClassification",
            options=CLASSIFICATION,
            architectures={"torch": "hub_vision.efficientnet.architecture:build"},
            summary="Labels of pictures by EfficientNet-Lite0",
        ),
        ModelSpec(
            id="pp-ocr",
            task="image-to-text",
            families=("pp-ocr",),
            verbs=("run",),
            target="hub_vision.ocr.model:TextReading",
            options=READING,
            summary="Text on pictures: detection, direction, recognition",
        ),
    ]
