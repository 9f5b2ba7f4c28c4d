"""The project's own conformance tests."""

import numpy as np
import pytest

from hub.testing import KindContract
from plugins.sound.tests.conftest import RATE, tone


class TestAudio(KindContract):
    kind = "audio"

    @pytest.fixture
    def given(self):
        return np.stack([tone(0.5), tone(0.5)], axis=1)[:, 0], RATE
