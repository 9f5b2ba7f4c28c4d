"""The model plugins keep the contract, on a tiny classifier and on the real weights of PP-OCR."""

import pytest

from hub.testing import ModelContract, Opening
from plugins.vision.tests.conftest import write_tiny


class TestClassification(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        return Opening.of(str(write_tiny(tmp_path_factory.mktemp("vit") / "vit", "vit")), backend="torch", threads=1)

    def assert_agrees(self, one, other):
        assert [row["label"] for row in one] == [row["label"] for row in other]
        assert [row["score"] for row in one] == pytest.approx([row["score"] for row in other], abs=1e-5)


@pytest.mark.weights
class TestReading(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, vision_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(vision_home))
            return Opening.of("ppocr", backend="onnx", threads=2)
