"""The project's own conformance tests, for both verbs."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from hub.testing import BackendContract, Opening
from plugins.torch.tests.models_made import decoder, encoder


class TestRun(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("encoder")
        encoder(folder)
        words = ["[PAD]", "[UNK]", "a", "cat", "dog"]
        tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
        return Opening.of(str(folder), backend="torch", threads=1)


class TestGenerate(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("decoder")
        decoder(folder)
        return Opening.of(str(folder), backend="torch", threads=1)
