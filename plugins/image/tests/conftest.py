"""The suite's private home, and pictures that are made."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.conftest import hub_home  # noqa: F401


def encoded(picture: Image.Image, kind: str, **settings) -> bytes:
    """The picture as the bytes of a file."""
    out = BytesIO()
    picture.save(out, format=kind, **settings)
    return out.getvalue()


@pytest.fixture
def colours() -> np.ndarray:
    """A picture without two equal rows or columns: (5, 7, 3)."""
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
