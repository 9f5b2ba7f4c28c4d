"""Several processes that learn together: the steps of one, faults passed on, none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace

import pytest
from hub_distill.distillation import distill

from hub.errors import InferenceError, UsageError
from plugins.distill.tests.conftest import metrics_of, request_of, sentences, write_tiny

TEXTS = sentences(60)


def children() -> list[int]:
    """Processes of a run that this one started."""
    done = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in done.stdout.splitlines()]
    return [int(row[0]) for row in rows if row[1] == str(os.getpid()) and "hub_distill.process" in row[2]]


@pytest.mark.parametrize("task", ["feature-extraction", "text-generation"])
def test_two_processes_take_the_steps_of_one(tmp_path, task) -> None:
    folder = write_tiny(tmp_path / "teacher", task)
    told: list[str] = []
    extra = {"alpha_labels": 0.5} if task == "text-generation" else {}
    for count in (1, 2):
        request = request_of(
            folder, task, tmp_path / str(count), TEXTS, keep_layers=2, steps=8, batch_size=7, processes=count, **extra
        )
        distill(replace(request, tell=told.append))
    (ours, checks), (theirs, other) = (metrics_of(tmp_path / name) for name in "12")
    for name in ("loss", "gradient"):
        assert [line[name] for line in theirs] == pytest.approx([line[name] for line in ours], rel=2e-3)
    assert [each["validation"] for each in other] == pytest.approx([each["validation"] for each in checks], rel=2e-3)
    assert any("2 processes on cpu" in line for line in told)
    assert children() == []


def test_what_goes_wrong_in_a_process_is_raised_as_it_was(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    with pytest.raises(UsageError, match="is its own teacher") as caught:
        distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS, processes=2))
    assert "layers=N" in caught.value.hint
    assert children() == []


def test_a_process_that_dies_ends_the_run(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    request = request_of(
        folder, "feature-extraction", tmp_path / "out", TEXTS, keep_layers=2, steps=100000, processes=2
    )
    killed: list[int] = []

    def tell(text: str) -> None:
        if not killed and text.startswith("step 0/"):
            killed.append(max(children()))
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(InferenceError, match=r"process \d of 2 ended with"):
        distill(replace(request, tell=tell))
    assert killed
    assert children() == []
    assert not list(request.out.iterdir())
