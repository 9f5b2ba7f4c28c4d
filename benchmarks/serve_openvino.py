"""Sixteen chats through OpenVINO in one batch, beside llama.cpp's own server: same file, threads and slots, in turn.

OpenVINO's reader does not take the published file, which is in Q4_1: both get its values in the type of `--type`. First
prompts are new in each round; then they are the same in every round, of which llama.cpp computes one token each, and
OpenVINO those after the last whole block of 32.

`python benchmarks/serve_openvino.py [--rounds N] [--type Q8_0|F16]`. Ratios are medians over rounds that take turns.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from contextlib import closing
from pathlib import Path

import gguf
from serve import (
    CONTEXT,
    PEERS,
    SLOTS,
    Server,
    chat_file,
    chats,
    hub_server,
    in_turn,
    peer_server,
    print_chats,
    stopped,
)


def rewritten(source: Path, kind: gguf.GGMLQuantizationType, out: Path) -> Path:
    """The same model with all matrices in another type."""
    reader = gguf.GGUFReader(source)
    path = out / f"{source.name.split('.')[0]}.{kind.name}.gguf"
    with closing(gguf.GGUFWriter(path, reader.fields["general.architecture"].contents())) as writer:
        for name, field in reader.fields.items():
            if name.startswith("GGUF.") or name == "general.architecture":
                continue
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
        for tensor in reader.tensors:
            values = gguf.dequantize(tensor.data, tensor.tensor_type)
            keep = len(tensor.shape) < 2
            data = values if keep else gguf.quantize(values, kind)
            writer.add_tensor(tensor.name, data, raw_dtype=None if keep else kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return path


def compare(file: Path, rounds: int, *, again: bool) -> None:
    options = ("--backend", "openvino", "--parallel", str(SLOTS), "--context-length", str(CONTEXT))
    ours = hub_server(str(file), *options, model=str(file))
    peers = {name: peer_server(SLOTS, waiting, file) for name, waiting in PEERS.items()}
    numbers = {server: itertools.count(0, 0 if again else SLOTS) for server in (ours, *peers.values())}

    async def ask(server: Server) -> tuple[float, float]:
        return await chats(server, SLOTS, next(numbers[server]))

    with stopped({"hub": ours, **peers}) as servers:
        turns = in_turn(servers, rounds, ask)
    print_chats(f"{SLOTS} chats, {'the same again' if again else 'new prompts'}", turns)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--type", default="Q8_0", choices=("Q8_0", "F16"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        file = rewritten(chat_file(), gguf.GGMLQuantizationType[given.type], Path(folder))
        for again in (False, True):
            compare(file, given.rounds, again=again)


if __name__ == "__main__":
    main()
