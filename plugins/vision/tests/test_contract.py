"""The reader of text keeps the contract on real weights, beside what its package brings."""

import pytest
from hub_vision.samples import image_to_text

from hub.testing import ModelContract, Opening


@pytest.mark.weights
class TestReading(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, vision_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(vision_home))
            return Opening.of("ppocr", backend="onnx", threads=2)

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls):
        """A line and an invoice: the page takes longer than both, and is read by other tests."""
        return image_to_text()[:2]
