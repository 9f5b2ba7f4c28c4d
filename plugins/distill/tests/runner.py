"""Runs one distillation of a tiny model in a process of its own, to be killed: FOLDER OUT OPTION=VALUE…

Says each line of progress on stdout.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from hub_distill.distillation import distill

from plugins.distill.tests.conftest import request_of, sentences


def main(folder: str, out: str, options: str) -> None:
    torch.set_num_threads(1)
    request = request_of(Path(folder), "text-generation", Path(out), sentences(120), **json.loads(options))
    distill(replace(request, tell=lambda text: print(text, flush=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
