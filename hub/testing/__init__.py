"""The conformance kit: what every plugin must do, as tests that an author subclasses, or has run by `hub plugin check`.

::

    from hub.testing import PluginContract

    class TestVec(PluginContract, plugin="vec"):
        pass

tries all that the plugin gives on the fixtures that its package brings (`hub.plugin.WeightsFixture` and its like). Each
part has a contract of its own, which takes a fixture, or other weights:

::

    from hub.testing import BackendContract, KindContract, ModelContract

    class TestBackend(BackendContract):
        reference = "/path/to/tiny/weights"
        backend = "glove"

    class TestModel(ModelContract):
        reference = "/path/to/tiny/weights"

    class TestKind(KindContract):
        kind = "image"

        @pytest.fixture
        def given(self):
            return "tests/small.png"

What fixtures are made of stands in `hub.testing.material`: `Computed`, `generated`, `word_tokenizer` and their like.

Needs pytest. Knows nothing of any plugin: it does what the contract in `hub.runtime.protocols` lets a caller do.
"""

import pytest

_CHECKING = "backend format generating kind model offline package plugin requests running source task transform"
for name in _CHECKING.split():
    pytest.register_assert_rewrite(f"hub.testing.{name}")

from hub.plugin.host import get_host  # noqa: E402 - what is installed, as every command sees it
from hub.plugin.loading import HEAVY  # noqa: E402 - what an entry point must not import
from hub.runtime.options import resolve_options  # noqa: E402 - as the core resolves them before a target is called
from hub.runtime.sessions.reclaim import reclaim  # noqa: E402 - as the core does after a model is closed
from hub.testing.backend import BackendContract  # noqa: E402 - asserts are rewritten from here on
from hub.testing.format import FormatContract  # noqa: E402
from hub.testing.kind import KindContract  # noqa: E402
from hub.testing.material import (  # noqa: E402
    TOKENS,
    Computed,
    byte_letters,
    generated,
    word_tokenizer,
    write_safetensors,
)
from hub.testing.model import ModelContract  # noqa: E402
from hub.testing.opening import Opening  # noqa: E402
from hub.testing.package import PackageContract  # noqa: E402
from hub.testing.plugin import PluginContract  # noqa: E402
from hub.testing.source import SourceContract  # noqa: E402
from hub.testing.task import TaskContract  # noqa: E402
from hub.testing.transform import CompressionContract, ConverterContract  # noqa: E402

__all__ = [
    "HEAVY",
    "TOKENS",
    "BackendContract",
    "CompressionContract",
    "Computed",
    "ConverterContract",
    "FormatContract",
    "KindContract",
    "ModelContract",
    "Opening",
    "PackageContract",
    "PluginContract",
    "SourceContract",
    "TaskContract",
    "byte_letters",
    "generated",
    "get_host",
    "reclaim",
    "resolve_options",
    "word_tokenizer",
    "write_safetensors",
]
