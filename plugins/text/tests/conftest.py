"""Real weights, behind the public API."""

from tests.conftest import hub_home, weights_home  # noqa: F401
