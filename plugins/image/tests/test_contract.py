"""The codec keeps the contract of kinds."""

import numpy as np
import pytest

from hub.testing import KindContract


class TestImage(KindContract):
    kind = "image"

    @pytest.fixture
    def given(self):
        return np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)
