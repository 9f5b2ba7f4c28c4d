"""Real weights, and sessions over them that several tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_llamacpp.plugin import ENVIRONMENT

import hub
from hub.runtime.protocols import OpenRequest, Session
from hub.types import Facts
from tests.conftest import hub_home, weights_home  # noqa: F401

CONTEXT = 512
os.environ.update(ENVIRONMENT)  # as the core does, before the library loads


@pytest.fixture(scope="session")
def smollm(weights_home: Path) -> Path:  # noqa: F811
    """The GGUF file of SmolLM2-135M-Instruct."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        artifact = hub.pull("smollm2-135m")
    return next(artifact.path.rglob("*.gguf"))


def request(path: Path, verb: str = "chat", **options) -> OpenRequest:
    """What the core opens a file with."""
    facts = Facts(task="", family="", format="gguf", files=(), parts={"": (path.name,)})
    return OpenRequest(path=path.parent, verb=verb, device="cpu", facts=facts, options=options)


@pytest.fixture(scope="session")
def chat(smollm: Path) -> Iterator[Session]:
    """One session with a short context, for tests that leave no trace in it."""
    from hub_llamacpp.backend import open_model

    session = open_model(request(smollm, context_length=CONTEXT, threads=2))
    yield session
    session.close()
