"""The reader of text keeps the contract on real weights, beside what its package brings."""

import pytest

from hub.testing import ModelContract, Opening


@pytest.mark.weights
class TestReading(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, vision_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(vision_home))
            return Opening.of("ppocr", backend="onnx", threads=2)
