"""What the core calls a compression with, over weights that are made here or pulled."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hub
from hub.plugin import TransformSpec
from hub.runtime.protocols import TransformRequest
from hub.testing import get_host
from hub.types import Facts
from tests.conftest import hub_home, run_hub, weights_home  # noqa: F401 - fixtures


def spec_of(name: str) -> TransformSpec:
    """The spec of a compression, from the installed plugin."""
    return get_host().transforms[name].spec


def compress(name: str, source: Path, folder: Path, *files: str, feeds: Sequence[Any] = (), **options: Any) -> Path:
    """Run a compression on files of a folder, with the defaults of its options; the folder that it wrote."""
    spec = spec_of(name)
    out, work = folder / f"{name}-out", folder / f"{name}-work"
    out.mkdir()
    work.mkdir()
    request = TransformRequest(
        path=source,
        out=out,
        work=work,
        facts=Facts(task="feature-extraction", family="bert", format=spec.takes[0], files=(), parts={"": files}),
        options={option.name: option.default for option in spec.options} | options,
        inputs=["a text"] * 4,
        record=lambda _: [dict(each) for each in feeds],
    )
    provided = get_host().transforms[name]
    get_host().resolve(provided, spec.target)(request)
    return out


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal numbers, float32."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="session")
def minilm(weights_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Plain copies of all-MiniLM-L6-v2 as ONNX: no links, as the core gives them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        artifact = hub.pull("all-minilm-l6-v2:onnx")
    folder = tmp_path_factory.mktemp("minilm")
    shutil.copytree(artifact.path, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    return folder
