"""Every backend and model plugin that is installed keeps the contract, on real weights that a registry lists."""

from __future__ import annotations

import pytest

from hub.errors import PlanError
from hub.plugin.host import get_host
from hub.runtime.references.resolve import resolve
from hub.store.store import Store
from hub.testing import BackendContract, ModelContract, Opening
from tests.conftest import WEIGHTS

pytestmark = [pytest.mark.weights, pytest.mark.slow]

WAYS = [
    (backend, reference)
    for backend, provided in get_host().backends.items()
    for reference in WEIGHTS
    if {variant.format for variant in resolve(reference).variants()} & set(provided.spec.formats)
]


@pytest.fixture(scope="class", params=WAYS, ids=["-".join(way) for way in WAYS])
def way(request: pytest.FixtureRequest, weights_home) -> Opening:
    backend, reference = request.param
    try:
        return Opening.of(reference, backend=backend, device="cpu", store=Store(weights_home / "store"))
    except PlanError as error:
        pytest.skip(f"{backend} does not open {reference}: {error}")


class TestBackends(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, way):
        return way


class TestModels(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, way):
        return way
