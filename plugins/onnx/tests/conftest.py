"""Real weights, and how the core opens them."""

from pathlib import Path

import pytest

import hub
from hub.runtime.protocols import OpenRequest
from hub.types import Facts
from tests.conftest import hub_home, weights_home  # noqa: F401


def request(folder: Path, *files: str, device: str = "cpu", **options) -> OpenRequest:
    """What the core opens files with."""
    facts = Facts(task="", family="", format="onnx", files=(), parts={"": files})
    return OpenRequest(path=folder, verb="run", device=device, facts=facts, options=options)


def minilm_request(weights_home: Path, variant: str, **options) -> OpenRequest:  # noqa: F811
    """What the core opens a variant of all-MiniLM-L6-v2 with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        artifact = hub.pull(f"all-minilm-l6-v2:{variant}")
    files = [file.path for file in artifact.files if ".onnx" in file.path]
    return request(artifact.path, *files, **options)
