"""What a server takes, beside llama.cpp's own on the same weights, threads and slots, in turn.

Both keep the start of prompts that they have seen, as llama.cpp's server does unless told otherwise.

    chats       16 chats at once: tokens/s, and the time to the first token (95th percentile)
    stream      one chat: the same
    batches     64 embeddings at once, one text each: texts/s joined to batches, with `--batch 1`, and of LitServe
    torch       4 chats at once through PyTorch, and one alone: tokens/s in one batch, and with `--parallel 1`
    list        `GET /v1/models`, one after the other: 99th percentile
    memory      thousands of mixed requests: how much the server and its workers grow after the first tenth
    idle        1,000 connections that are kept open and say nothing: a request beside them

`python benchmarks/serve.py [--rounds N] [--requests N] [--only NAME] [--litserve PYTHON]`. Ratios are medians over
rounds that take turns. `--litserve` names the Python of an environment with litserve, onnxruntime and tokenizers: its
batches are as large as those here and wait as long, over the same graph with the same threads.
The client is in this process and takes its share of the same machine, the same for both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hub_llamacpp.plugin import ENVIRONMENT

import hub

T = TypeVar("T")

CHAT, VECTORS = "smollm2-135m", "all-minilm-l6-v2"
SLOTS, CONTEXT, THREADS, TOKENS = 16, 512, 2, 48
STARTS = 5
PEERS = {"llama.cpp": ENVIRONMENT, "llama.cpp as it comes": {}}
"""How threads of the peer wait for each other: as the hub has them wait, and as they do by themselves."""
PEER = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
slots, context, threads = map(int, sys.argv[2:5])
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
params.n_ctx, params.n_parallel = slots * context, slots
params.n_batch = params.n_ubatch = 512
params.warmup = params.fit_params = False
params.cache_ram_mib = params.n_ctx_checkpoints = 0
params.n_gpu_layers, params.verbosity, params.use_jinja = 0, -1, True
params.hostnames, params.port = ["127.0.0.1"], 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(1e6)
"""

LITSERVE = """
import sys
import litserve, numpy as np, onnxruntime
from tokenizers import Tokenizer

graph, tokens, threads, port = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

class Vectors(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.names = {each.name for each in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(tokens)
        self.tokenizer.no_truncation()
        self.tokenizer.enable_padding()

    def decode_request(self, request):
        return request["input"]

    def predict(self, texts):
        found = self.tokenizer.encode_batch(texts)
        ids, mask = (np.array([getattr(each, name) for each in found]) for name in ("ids", "attention_mask"))
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self.session.run(None, {name: feeds[name] for name in self.names})[0]
        vectors = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_response(self, vector):
        return {"embedding": vector.tolist()}

if __name__ == "__main__":
    api = Vectors(max_batch_size=32, batch_timeout=0.002, api_path="/v1/embeddings")
    server = litserve.LitServer(api, accelerator="cpu")
    server.run(port=port, host="127.0.0.1", num_api_servers=1, log_level="error", generate_client_file=False)
"""


class Server:
    """A process that serves `model` at `host:port`."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None, model: str = CHAT) -> None:
        self.model = model
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = next((word for word in line.split() if word.startswith("http://")), "")
            if found:
                self.host, _, port = found.removeprefix("http://").partition(":")
                self.port = int(port)
                return
        raise SystemExit(f"{command} did not start")

    def stop(self) -> None:
        """End it, and what it has started that it leaves behind."""
        self.process.terminate()
        self.process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def memory(self) -> tuple[float, float]:
        """MB of the process itself, and of its workers."""
        own = self.process.pid
        workers = [pid for pid, parent in _parents() if parent == own]
        return _resident(own), sum(map(_resident, workers))


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])


def hub_server(*arguments: str, model: str = CHAT) -> Server:
    folder = tempfile.mkdtemp(prefix="hub-bench-")
    options = ["--port", "0", "--log", f"{folder}/log", "--database", f"sqlite:///{folder}/db", "--queue", "4096"]
    command = [sys.executable, "-m", "hub", "serve", *arguments, *options, "--option", f"threads={THREADS}"]
    return Server(command, model=model)


def chat_file() -> Path:
    return next(path for path in hub.pull(CHAT).path.iterdir() if path.suffix == ".gguf")


def peer_server(slots: int, waiting: dict[str, str], file: Path | None = None) -> Server:
    file = file or chat_file()
    return Server([sys.executable, "-c", PEER, str(file), str(slots), str(CONTEXT), str(THREADS)], waiting)


def litserve_server(python: str) -> Server:
    """LitServe on the graph of fp32 and its tokenizer; ready when it answers."""
    folder = hub.pull(VECTORS, variant="onnx").path
    graph = next(folder.rglob("*.onnx"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(tempfile.mkdtemp(prefix="hub-bench-")) / "peer.py"
    script.write_text(LITSERVE)
    command = [python, str(script), str(graph), str(folder / "tokenizer.json"), str(THREADS), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    server = Server.__new__(Server)
    server.process, server.host, server.port = process, "127.0.0.1", port
    for _ in range(240):
        with suppress(OSError):
            asyncio.run(whole(server, "GET", "/health"))
            return server
        if process.poll() is not None:
            break
        time.sleep(0.25)
    raise SystemExit("LitServe did not start")


async def send(server: Server, method: str, path: str, body: object = None) -> tuple[asyncio.StreamReader, Any]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
    return reader, writer


async def whole(server: Server, method: str, path: str, body: object = None) -> bytes:
    reader, writer = await send(server, method, path, body)
    answer = await reader.read()
    writer.close()
    if b" 200 " not in answer[:20]:
        raise SystemExit(answer[:500].decode(errors="replace"))
    return answer


async def one_chat(server: Server, number: int) -> tuple[float, int]:
    """Seconds to the first token, and tokens."""
    messages = [{"role": "user", "content": f"Tell me a long story about the number {number}."}]
    body = {
        "model": server.model,
        "messages": messages,
        "max_tokens": TOKENS,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    began, first, tokens = time.perf_counter(), 0.0, 0
    reader, writer = await send(server, "POST", "/v1/chat/completions", body)
    async for line in reader:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if not first and event.get("choices") and event["choices"][0]["delta"].get("content"):
            first = time.perf_counter() - began
        if event.get("usage"):
            tokens = event["usage"]["completion_tokens"]
    writer.close()
    return first, tokens


async def chats(server: Server, count: int, number: int = 0) -> tuple[float, float]:
    """Tokens a second of all, and the 95th percentile of the time to the first token. `number`: of the first prompt."""
    began = time.perf_counter()
    found = await asyncio.gather(*(one_chat(server, number + each) for each in range(count)))
    took = time.perf_counter() - began
    firsts = sorted(first for first, _ in found)
    return sum(tokens for _, tokens in found) / took, firsts[int(0.95 * (len(firsts) - 1))]


def in_turn(
    servers: dict[str, Server], rounds: int, ask: Callable[[Server], Coroutine[Any, Any, T]]
) -> list[dict[str, T]]:
    """What each server answers, round by round, each time with another one first; one round more warms all up."""
    found = []
    for turn in range(rounds + 1):
        names = [*servers, *servers][turn % len(servers) :][: len(servers)]
        found.append({name: asyncio.run(ask(servers[name])) for name in names})
    return found[1:]


@contextmanager
def stopped(servers: dict[str, Server]) -> Iterator[dict[str, Server]]:
    """Servers that are stopped in the end."""
    try:
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def of_both(turns: list[dict[str, float]], one: str, other: str) -> tuple[float, float, float]:
    """Medians of two servers, and of their ratio in each round."""
    pairs = [(turn[one], turn[other]) for turn in turns]
    return (*(statistics.median(side) for side in zip(*pairs, strict=True)), statistics.median(a / b for a, b in pairs))


def turns_of_chats(rounds: int, count: int) -> list[dict[str, tuple[float, float]]]:
    ours = hub_server(CHAT, "--parallel", str(SLOTS), "--context-length", str(CONTEXT))
    peers = {name: peer_server(SLOTS, waiting) for name, waiting in PEERS.items()}
    with stopped({"hub": ours, **peers}) as servers:
        return in_turn(servers, rounds, lambda server: chats(server, count))


def over_starts(rounds: int, take: Callable[[int], list[T]]) -> list[T]:
    """What `take` finds in so many rounds, with all started anew several times.

    Where a process lies in memory is worth a tenth of its speed.
    """
    found: list[T] = []
    for start in range(min(STARTS, rounds)):
        found += take(len(range(start, rounds, STARTS)))
    return found


def compare_chats(rounds: int, count: int) -> None:
    print_chats(f"{count} chats", over_starts(rounds, lambda each: turns_of_chats(each, count)))


def print_chats(title: str, turns: list[dict[str, tuple[float, float]]]) -> None:
    for place, figure in enumerate(("tokens/s", "first token, s, p95")):
        figures = [{name: found[place] for name, found in turn.items()} for turn in turns]
        for name in PEERS:
            ours, theirs, ratio = of_both(figures, "hub", name)
            print(f"{title}: {figure}: hub {ours:.3g}, {name} {theirs:.3g}, ratio {ratio:.3f}")


async def embeddings(server: Server, count: int) -> float:
    """Texts a second."""
    texts = [f"sentence {number} of a benchmark about nothing in particular" for number in range(count)]
    began = time.perf_counter()
    await asyncio.gather(*(whole(server, "POST", "/v1/embeddings", {"model": VECTORS, "input": t}) for t in texts))
    return count / (time.perf_counter() - began)


def compare_batches(rounds: int, litserve: str) -> None:
    servers = {"joined": hub_server(VECTORS), "alone": hub_server(VECTORS, "--batch", "1")}
    if litserve:
        servers["LitServe"] = litserve_server(litserve)
    with stopped(servers):
        turns = in_turn(servers, rounds, lambda server: embeddings(server, 64))
    for name in [name for name in servers if name != "joined"]:
        ours, theirs, ratio = of_both(turns, "joined", name)
        print(f"64 embeddings: texts/s: joined {ours:.0f}, {name} {theirs:.0f}, ratio {ratio:.2f}")


def compare_torch(rounds: int, slots: int) -> None:
    async def tokens(server: Server, count: int) -> float:
        return (await chats(server, count))[0]

    options = ("--backend", "torch", "--context-length", str(CONTEXT))
    ways = {"batch": str(slots), "turns": "1"}
    with stopped({name: hub_server(CHAT, *options, "--parallel", each) for name, each in ways.items()}) as servers:
        for count in (slots, 1):
            batch, turns, ratio = of_both(in_turn(servers, rounds, partial(tokens, count=count)), *ways)
            told = f"in a batch {batch:.3g}, in turns {turns:.3g}, ratio {ratio:.2f}"
            print(f"{count} chats through PyTorch: tokens/s: {told}")


def measure_list(count: int) -> None:
    async def ask(server: Server) -> list[float]:
        taken = []
        for _ in range(count):
            began = time.perf_counter()
            await whole(server, "GET", "/v1/models")
            taken.append(time.perf_counter() - began)
        return sorted(taken)

    with_server((), ask, lambda taken, _: print_percentile(taken))


def print_percentile(taken: list[float]) -> None:
    late, usual = (taken[int(share * (len(taken) - 1))] * 1000 for share in (0.99, 0.5))
    print(f"/v1/models: p99 {late:.1f} ms, median {usual:.1f} ms")


def measure_memory(count: int) -> None:
    async def ask(server: Server) -> list[tuple[float, float]]:
        before = 0.0, 0.0
        for number in range(count):
            if number == count // 10:
                before = server.memory()
            match number % 4:
                case 0:
                    await whole(server, "GET", "/v1/models")
                case 1:
                    await whole(server, "POST", "/v1/embeddings", {"model": VECTORS, "input": f"text {number}"})
                case 2:
                    await whole(server, "GET", "/metrics")
                case _:
                    body = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
                    await whole(server, "POST", "/v1/chat/completions", body)
        return [before, server.memory()]

    def told(found: list[tuple[float, float]], _: Server) -> None:
        for name, (before, after) in zip(("server", "workers"), zip(*found, strict=True), strict=True):
            print(f"{count} mixed requests: {name} {before:.1f} MB to {after:.1f} MB, {after / before - 1:+.1%}")

    with_server((CHAT, VECTORS), ask, told)


def measure_idle(count: int) -> None:
    async def ask(server: Server) -> float:
        lines = [await asyncio.open_connection(server.host, server.port) for _ in range(count)]
        began = time.perf_counter()
        await whole(server, "GET", "/v1/models")
        took = time.perf_counter() - began
        for _, writer in lines:
            writer.close()
        return took

    with_server(
        (), ask, lambda took, server: print(f"beside {count} idle: {took * 1000:.1f} ms, {server.memory()[0]:.0f} MB")
    )


def with_server(
    models: tuple[str, ...], ask: Callable[[Server], Coroutine[Any, Any, Any]], told: Callable[[Any, Server], None]
) -> None:
    server = hub_server(*models)
    try:
        told(asyncio.run(ask(server)), server)
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--litserve", default="", metavar="PYTHON")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "chats": lambda: compare_chats(given.rounds, 16),
        "stream": lambda: compare_chats(given.rounds, 1),
        "batches": lambda: compare_batches(given.rounds, given.litserve),
        "torch": lambda: compare_torch(given.rounds, 4),
        "list": lambda: measure_list(1000),
        "memory": lambda: measure_memory(given.requests),
        "idle": lambda: measure_idle(1000),
    }
    for name, part in parts.items():
        if given.only in ("", name):
            part()


if __name__ == "__main__":
    main()
