"""That memory which a model frees stays with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys, threading
import torch
from hub_torch.allocation import keep_freed
if sys.argv[1:]:
    keep_freed()
torch.set_num_threads(1)
wide = torch.nn.Conv2d(3, 32, 3, stride=2), torch.nn.Conv2d(32, 96, 1), torch.nn.Conv2d(96, 96, 3, stride=2, groups=96)
network = torch.nn.Sequential(*(layer for conv in wide for layer in (conv, torch.nn.BatchNorm2d(conv.out_channels))))
network.eval()
def layers():
    with torch.inference_mode():
        for _ in range(20):
            network(torch.zeros(1, 3, 224, 224))
before = 0
def answer():
    global before
    layers()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    layers()
thread = threading.Thread(target=answer)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(*arguments: str, **settings: str) -> int:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    env = {"PATH": "/usr/bin:/bin", **settings}
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_pages_are_mapped_once_and_not_for_each_layer_again() -> None:
    assert _faults("keep") * 10 < _faults()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_what_the_user_has_said_stays() -> None:
    assert _faults("keep", MALLOC_MMAP_THRESHOLD_="65536") > 1000
