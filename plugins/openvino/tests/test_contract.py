"""The backend keeps the contract beside what its package brings: a chat over random weights, tensors of real ones."""

import pytest

from hub.testing import BackendContract, Opening


class TestChat(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tiny):
        return Opening.of(str(tiny), backend="openvino", threads=2)


@pytest.mark.weights
class TestRun(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, weights_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(weights_home))
            return Opening.of("all-minilm-l6-v2:onnx", backend="openvino", threads=2)


@pytest.mark.weights
class TestRunIR(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, weights_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(weights_home))
            return Opening.of("all-minilm-l6-v2:onnx", backend="openvino", compress="openvino", threads=2)
