"""How the core opens a folder of safetensors, without a plan."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest

from hub.runtime.protocols import OpenRequest
from hub.types import Facts
from tests.conftest import hub_home, run_hub, weights_home  # noqa: F401

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what is imported along with transformers
    logging.getLogger("torchao").setLevel(logging.ERROR)
    import transformers  # noqa: F401

OPTIONS = {"threads": 2, "dtype": "auto", "context_length": None}


def request(folder: Path, task: str, verb: str, *, device: str = "cpu", **options) -> OpenRequest:
    """What the core opens the safetensors files of a folder with."""
    names = tuple(sorted(path.name for path in folder.iterdir() if path.name.startswith("model")))
    facts = Facts(task=task, family="", format="safetensors", files=(), parts={"": names})
    return OpenRequest(path=folder, verb=verb, device=device, facts=facts, options={**OPTIONS, **options})


@pytest.fixture
def opened():
    """Open a folder for a task and a verb, and close it after the test."""
    from hub_torch.backend import open_model

    sessions = []

    def opener(folder, task, verb, **options):
        sessions.append(open_model(request(folder, task, verb, **options)))
        return sessions[-1]

    yield opener
    for session in sessions:
        session.close()
