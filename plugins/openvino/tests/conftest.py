"""Real weights and small ones that are made here, and how the core opens them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import hub
from hub.runtime.protocols import OpenRequest, Session
from hub.types import Facts
from tests.conftest import RunHub, hub_home, run_hub, weights_home  # noqa: F401 - fixtures

CONTEXT = 256


def request(folder: Path, *files: str, form: str = "openvino", steps: tuple[str, ...] = (), **options) -> OpenRequest:
    """What the core opens a graph with."""
    facts = Facts(task="feature-extraction", family="", format=form, files=(), parts={"": files})
    load_steps = {step: {} for step in steps}
    device = options.pop("device", "cpu")
    return OpenRequest(
        path=folder, verb="run", device=device, facts=facts, options={"threads": 2, **options}, load_steps=load_steps
    )


def chat_request(path: Path, *files: str, form: str = "gguf", **options) -> OpenRequest:
    """What the core opens a language model with: a GGUF file, or files of a folder."""
    folder, names = (path, files) if files else (path.parent, (path.name,))
    config = {"max_position_embeddings": CONTEXT}
    facts = Facts(task="text-generation", family="llama", format=form, files=(), parts={"": names}, config=config)
    return OpenRequest(path=folder, verb="chat", device="cpu", facts=facts, options={"threads": 2, **options})


@pytest.fixture(scope="session")
def minilm(weights_home: Path) -> Path:  # noqa: F811
    """The folder of all-MiniLM-L6-v2 as ONNX."""
    return pulled(weights_home, "all-minilm-l6-v2:onnx")


@pytest.fixture(scope="session")
def smollm(weights_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """SmolLM2-135M-Instruct as GGUF in Q8_0, which the reader takes over as it is."""
    from plugins.openvino.tests.gguf_files import requantized

    source = next(pulled(weights_home, "smollm2-135m").rglob("*.gguf"))
    return requantized(source, tmp_path_factory.mktemp("smollm") / "smollm2-135m.Q8_0.gguf", "Q8_0")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small llama of random weights."""
    from hub_openvino.fixtures.llama import random_llama

    return random_llama(tmp_path_factory.mktemp("tiny") / "tiny.Q8_0.gguf")


@pytest.fixture(scope="session", params=[1, 3], ids=["alone", "batched"])
def chat(tiny: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    """One session over the small llama, for tests that leave no trace in it."""
    from hub_openvino.opening import open_model

    session = open_model(chat_request(tiny, parallel=request.param))
    yield session
    session.close()


def pulled(home: Path, reference: str) -> Path:
    """The folder of weights of the registry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(home))
        return hub.pull(reference).path
