"""The project's own conformance tests, on embeddings of an encoder of random weights. Chats are tried with the core."""

import pytest

from hub.testing import BackendContract, Opening
from plugins.llamacpp.tests.gguf_files import random_bert


class TestEmbed(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        path = random_bert(tmp_path_factory.mktemp("encoder") / "tiny-embed.gguf")
        return Opening.of(str(path), backend="llamacpp", threads=1)
