"""Sixteen chats through OpenVINO in one batch, beside llama.cpp's own server: same file, threads and slots, in turn.

The file is the published one, in Q4_1: the plan converts it for OpenVINO, and llama.cpp opens it as it is. With
`--type` both get its values in another type, which OpenVINO opens directly. First prompts are new in each round; then
they are the same in every round, of which llama.cpp computes one token each, and OpenVINO those after the last whole
block of 32.

`python benchmarks/serve_openvino.py [--rounds N] [--type Q8_0|F16]`. Ratios are medians over rounds that take turns,
with all servers started anew several times.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

from serve import (
    CHAT,
    CONTEXT,
    PEERS,
    SLOTS,
    Server,
    chat_file,
    chats,
    hub_server,
    in_turn,
    over_starts,
    peer_server,
    print_chats,
    stopped,
)

from plugins.openvino.tests.gguf_files import requantized


def compare(model: str, file: Path, rounds: int, *, again: bool) -> None:
    """Print tokens/s and first tokens of hub on `model` and of llama.cpp on `file`."""
    turns = over_starts(rounds, lambda each: turns_of(model, file, each, again=again))
    print_chats(f"{SLOTS} chats, {'the same again' if again else 'new prompts'}", turns)


def turns_of(model: str, file: Path, rounds: int, *, again: bool) -> list[dict[str, tuple[float, float]]]:
    options = ("--backend", "openvino", "--parallel", str(SLOTS), "--context-length", str(CONTEXT))
    ours = hub_server(model, *options, model=model)
    peers = {name: peer_server(SLOTS, waiting, file) for name, waiting in PEERS.items()}
    numbers = {server: itertools.count(0, 0 if again else SLOTS) for server in (ours, *peers.values())}

    async def ask(server: Server) -> tuple[float, float]:
        return await chats(server, SLOTS, next(numbers[server]))

    with stopped({"hub": ours, **peers}) as servers:
        return in_turn(servers, rounds, ask)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--type", choices=("Q8_0", "F16"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        model, file = CHAT, chat_file()
        if given.type:
            file = requantized(file, Path(folder) / f"{CHAT}.{given.type}.gguf", given.type)
            model = str(file)
        for again in (False, True):
            compare(model, file, given.rounds, again=again)


if __name__ == "__main__":
    main()
