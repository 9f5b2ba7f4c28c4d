"""Image processors of transformers, by the name of their class: what holds where a model's file leaves a value out.

Names and numbers are those of transformers' own classes, https://huggingface.co/docs/transformers/main_classes/image_processor.
Knows nothing of pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.types import JSON

__all__ = ["PROCESSORS", "Processor"]

_STANDARD: JSON = [0.5, 0.5, 0.5]
_MEAN: JSON = [0.485, 0.456, 0.406]
_STD: JSON = [0.229, 0.224, 0.225]
_CLIP_MEAN: JSON = [0.48145466, 0.4578275, 0.40821073]
_CLIP_STD: JSON = [0.26862954, 0.26130258, 0.27577711]
_BILINEAR, _BICUBIC = 2, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """A class of image processors.

    Parameters
    ----------
    defaults
        Fields of `preprocessor_config.json` that it need not say.
    square
        Whether a size that is one number means both sides; else it is the shorter one.
    own
        What it does in a way of its own: `convnext`, `levit`, `poolformer`, `perceiver`.
    """

    defaults: Mapping[str, JSON] = field(default_factory=dict)
    square: bool = True
    own: str = ""


def _made(
    size: JSON,
    mean: JSON = _STANDARD,
    std: JSON = _STANDARD,
    *,
    resample: int = _BICUBIC,
    crop: int = 0,
    square: bool = True,
    own: str = "",
    **more: JSON,
) -> Processor:
    defaults: dict[str, JSON] = {
        "do_resize": True,
        "size": size,
        "resample": resample,
        "do_center_crop": bool(crop),
        "crop_size": {"height": crop, "width": crop} if crop else None,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": mean,
        "image_std": std,
        **more,
    }
    return Processor(defaults=defaults, square=square, own=own)


def _both(side: int) -> JSON:
    return {"height": side, "width": side}


def _shortest(side: int) -> JSON:
    return {"shortest_edge": side}


_CONVNEXT = _made(_shortest(384), square=False, own="convnext", crop_pct=224 / 256)
_MOBILENET = _made(_shortest(256), resample=_BILINEAR, crop=224, square=False)
_CLIP = _made(_shortest(224), _CLIP_MEAN, _CLIP_STD, crop=224, square=False)

PROCESSORS: Mapping[str, Processor] = {
    "BeitImageProcessor": _made(_both(224)),
    "BitImageProcessor": _CLIP,
    "CLIPImageProcessor": _CLIP,
    "ConvNextImageProcessor": _CONVNEXT,
    "DeiTImageProcessor": _made(_both(256), crop=224),
    "EfficientNetImageProcessor": _made(_both(346), include_top=True, rescale_offset=False),
    "LevitImageProcessor": _made(_shortest(224), _MEAN, _STD, crop=224, square=False, own="levit"),
    "MobileNetV1ImageProcessor": _MOBILENET,
    "MobileNetV2ImageProcessor": _MOBILENET,
    "MobileViTImageProcessor": _made(
        _shortest(224), crop=256, square=False, own="mobilevit", do_normalize=False, do_flip_channel_order=True
    ),
    "PerceiverImageProcessor": _made(_both(224), _MEAN, _STD, crop=256, own="perceiver"),
    "PoolFormerImageProcessor": _made(
        _shortest(224), _MEAN, _STD, crop=224, square=False, own="poolformer", crop_pct=0.9
    ),
    "PvtImageProcessor": _made(_both(224), _MEAN, _STD),
    "SegformerImageProcessor": _made(_both(512), _MEAN, _STD, resample=_BILINEAR),
    "SiglipImageProcessor": _made(_both(224)),
    "ViTImageProcessor": _made(_both(224), resample=_BILINEAR),
}
"""Class name, without `Fast` or `Pil` at its end, to what it does."""
