"""Image classification with EfficientNet-Lite: the processing that it was trained with, which no file of it says.

Knows nothing of how it computes.
"""

from __future__ import annotations

from hub_vision.classification.model import ImageClassification
from hub_vision.classification.processing import Processing

__all__ = ["EfficientNetLiteClassification"]

_BILINEAR = 2


class EfficientNetLiteClassification(ImageClassification):
    """Labels of whole pictures: the shorter side to 224 pixels, the middle of it, values less 127 over 128."""

    def processing(self) -> Processing:
        """Values as the network was trained on them, the size as the package that carries its weights sets it.

        https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite,
        https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch
        """
        return Processing(
            {
                "do_resize": True,
                "size": {"shortest_edge": 224},
                "resample": _BILINEAR,
                "do_center_crop": True,
                "crop_size": 224,
                "do_rescale": True,
                "rescale_factor": 1 / 255,
                "do_normalize": True,
                "image_mean": 127 / 255,
                "image_std": 128 / 255,
            }
        )
