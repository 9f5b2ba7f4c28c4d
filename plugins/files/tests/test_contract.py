"""The project's own conformance tests, for the backend and for languages."""

import pytest

from hub.testing import BackendContract, ModelContract, Opening
from plugins.files.tests.conftest import written


class TestBackend(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("classifier")
        written(folder / "lid.ftz")
        return Opening.of(str(folder), backend="fasttext")


class TestLanguages(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("languages")
        written(folder / "lid.ftz")
        return Opening.of(str(folder), backend="fasttext")
