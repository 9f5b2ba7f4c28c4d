"""A run that is killed and started again ends with the bytes of one that was not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hub_distill.checkpoint import Best, Checkpoint, read_checkpoint, write_checkpoint
from hub_distill.distillation import distill

from hub.errors import StorageError
from plugins.distill.tests.conftest import metrics_of, request_of, sentences, write_tiny

ROOT = Path(__file__).parents[3]
OPTIONS = {
    "keep_layers": 2,
    "steps": 120,
    "checkpoint_every": 10,
    "validate_every": 15,
    "alpha_hidden": 1,
    "alpha_labels": 0.1,
    "learning_rate": 2e-3,
}


def start(folder: Path, out: Path, **options) -> subprocess.Popen[str]:
    code = [sys.executable, "-m", "plugins.distill.tests.runner", str(folder), str(out), json.dumps(options)]
    return subprocess.Popen(code, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    told, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return told


def kill_after_checkpoints(process: subprocess.Popen[str], work: Path, count: int) -> None:
    """SIGKILL once that many checkpoints were seen to take each other's place."""
    seen: set[int] = set()
    deadline = time.monotonic() + 240
    while len(seen) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        if (work / "checkpoint.pt").exists():
            seen.add((work / "checkpoint.pt").stat().st_mtime_ns)
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()


@pytest.mark.slow
def test_a_killed_run_ends_as_one_that_was_not(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "text-generation")
    killed = start(folder, tmp_path / "killed", **OPTIONS)
    kill_after_checkpoints(killed, tmp_path / "killed-work", 2)
    assert not list((tmp_path / "killed").iterdir())
    told = finish(start(folder, tmp_path / "killed", **OPTIONS))
    assert "where an earlier try was stopped" in told
    lines: list[str] = []
    whole = request_of(folder, "text-generation", tmp_path / "whole", sentences(120), **OPTIONS)
    distill(replace(whole, tell=lines.append))
    assert "going on" not in " ".join(lines)
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names == {path.name for path in (tmp_path / "killed").iterdir()}
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name
    assert len(metrics_of(tmp_path / "killed")[0]) == 120
    assert not list((tmp_path / "killed-work").iterdir())


class StoppedError(Exception):
    """Raised in the middle of a run."""


@pytest.mark.parametrize(
    ("task", "extra"),
    [("feature-extraction", {"optimizer": "sgd"}), ("fill-mask", {"schedule": "cosine", "batch_size": 5})],
)
def test_a_run_that_was_stopped_anywhere_ends_as_one_that_was_not(tmp_path, task, extra) -> None:
    folder = write_tiny(tmp_path / "teacher", task)
    options = {"keep_layers": 2, "steps": 40, "validate_every": 4, "checkpoint_every": 6, **extra}
    distill(request_of(folder, task, tmp_path / "whole", sentences(60), **options))
    request = request_of(folder, task, tmp_path / "stopped", sentences(60), **options)
    for place in ("step 16/", "step 28/"):

        def tell(text: str, place: str = place) -> None:
            if text.startswith(place):
                raise StoppedError

        with pytest.raises(StoppedError):
            distill(replace(request, tell=tell))
    distill(request)
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "stopped" / path.name).read_bytes(), path.name


def checkpoint(**changes) -> Checkpoint:
    weights = {"a": torch.arange(3.0)}
    best = Best(step=1, loss=0.5, weights=weights)
    made = {"fingerprint": "x", "step": 4, "weights": weights, "optimizer": {"state": {}}, "history": [{"step": 1}]}
    return Checkpoint(**{**made, "best": best, **changes})


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_not_taken(tmp_path) -> None:
    assert read_checkpoint(tmp_path, "x") is None
    write_checkpoint(tmp_path, checkpoint())
    found = read_checkpoint(tmp_path, "x")
    assert found is not None
    assert (found.step, found.best.loss, found.history) == (4, 0.5, [{"step": 1}])
    assert torch.equal(found.weights["a"], torch.arange(3.0))
    assert read_checkpoint(tmp_path, "y") is None
    path = tmp_path / "checkpoint.pt"
    content = path.read_bytes()
    for damaged in (b"", b"nothing", content[: len(content) // 2]):
        path.write_bytes(damaged)
        assert read_checkpoint(tmp_path, "x") is None


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path) -> None:
    write_checkpoint(tmp_path, checkpoint())
    (tmp_path / "checkpoint.pt.new").mkdir()
    with pytest.raises(StorageError, match="a checkpoint cannot be written"):
        write_checkpoint(tmp_path, checkpoint(step=9))
    found = read_checkpoint(tmp_path, "x")
    assert found is not None
    assert found.step == 4
