"""The conformance kit: what every backend and every model plugin must do, as tests that an author subclasses.

::

    from hub.testing import BackendContract, ModelContract

    class TestBackend(BackendContract):
        reference = "/path/to/tiny/weights"
        backend = "glove"

    class TestModel(ModelContract):
        reference = "/path/to/tiny/weights"

Needs pytest. Knows nothing of any plugin: it does what the contract in `hub.runtime.protocols` lets a caller do.
"""

import pytest

for name in ("backend", "generating", "model", "requests"):
    pytest.register_assert_rewrite(f"hub.testing.{name}")

from hub.runtime.options import resolve_options  # noqa: E402 - as the core resolves them before a target is called
from hub.runtime.sessions.reclaim import reclaim  # noqa: E402 - as the core does after a model is closed
from hub.testing.backend import BackendContract  # noqa: E402 - asserts are rewritten from here on
from hub.testing.model import ModelContract  # noqa: E402
from hub.testing.opening import Opening  # noqa: E402

__all__ = ["BackendContract", "ModelContract", "Opening", "reclaim", "resolve_options"]
