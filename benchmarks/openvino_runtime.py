"""Embeddings and generation through `hub.load` against bare openvino and bare openvino-genai, with the same settings.

Embeddings: sentences of the docstrings of Python's own standard library; both sides tokenize, sort by length, run
batches of 32, pool and normalise; vectors of both must be equal. Generation: both sides load the same GGUF file with
the same threads and context and answer the same prompts greedily. They take turns in one process, the ratio of each
pair is taken, and the median of the ratios is the figure. GGUF in Q4_1 is not opened, so the file is SmolLM2 in Q8_0,
made here with the package `gguf`. Needs the weights once: `hub pull all-minilm-l6-v2:onnx smollm2-135m`.
`python benchmarks/openvino_runtime.py [--rounds N] [--sentences N] [--least RATIO] [--precision P]`; fails below
RATIO. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from embeddings import CALL, MODEL, embedder, sentences, turns
from generation import PROMPTS

import hub
from hub.cpus import allowed_cpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.model import LoadedModel

TOKENS = 128
CONTEXT = 2048
THREADS = len(allowed_cpus())

Pair = tuple[float, float]


def bare_embedder(folder: Path, precision: str) -> Callable[[list[str]], Any]:  # Any: a numpy array
    """What a person writes with openvino and tokenizers alone."""
    import openvino as ov  # type: ignore[import-untyped]

    settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    if precision == "f32":
        settings["EXECUTION_MODE_HINT"] = "ACCURACY"
    request = ov.Core().compile_model(folder / "model.onnx", "CPU", settings).create_infer_request()

    def run(feeds: dict[str, Any]) -> Any:  # Any: as above
        return request.infer(feeds, share_inputs=True, share_outputs=True)["last_hidden_state"]

    return embedder(folder, run)


def embeddings(rounds: int, count: int, precision: str) -> tuple[list[Pair], float]:
    """Seconds of the two sides for each call, ours first, and the largest difference of their vectors."""
    texts = sentences(count)
    plain = bare_embedder(hub.pull(MODEL).path, precision)
    with hub.load(MODEL, backend="openvino", threads=THREADS, precision=precision) as model:
        return turns(model, plain, texts, rounds)


def in_q8_0(folder: Path) -> Path:
    """SmolLM2-135M with its matrices in Q8_0."""
    import gguf

    reader = gguf.GGUFReader(str(next(hub.pull("smollm2-135m").path.rglob("*.gguf"))))
    path = folder / "smollm2-135m.Q8_0.gguf"
    writer = gguf.GGUFWriter(str(path), reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            writer.add_array(name, field.contents())
        else:
            writer.add_key_value(name, field.contents(), field.types[0])
    q8_0 = gguf.GGMLQuantizationType.Q8_0
    for tensor in reader.tensors:
        if tensor.tensor_type == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(tensor.name, tensor.data)
        else:
            full = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            writer.add_tensor(tensor.name, gguf.quantize(full, q8_0), raw_dtype=q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def bare_speed(pipeline: Any, prompt: str) -> float:  # Any: openvino_genai has no types
    """Tokens a second of one streamed answer, from the call to its end."""
    import openvino_genai as genai  # type: ignore[import-untyped]

    config = genai.GenerationConfig()
    config.max_new_tokens = TOKENS
    config.do_sample = False
    config.stop_token_ids = pipeline.get_generation_config().stop_token_ids
    history = genai.ChatHistory([{"role": "user", "content": prompt}])
    began = time.perf_counter()
    found = pipeline.generate(history, config, lambda _: genai.StreamingStatus.RUNNING)
    return float(found.perf_metrics.get_num_generated_tokens() / (time.perf_counter() - began))


def hub_speed(model: LoadedModel, prompt: str) -> float:
    """The same through `stream`."""
    began = time.perf_counter()
    pieces = model.stream(prompt, max_tokens=TOKENS)
    for _ in pieces:
        pass
    assert pieces.result is not None
    return float(pieces.result["generated_tokens"] / (time.perf_counter() - began))


def generation(rounds: int) -> list[Pair]:
    """Tokens a second of the two sides for each answer, ours first."""
    import openvino_genai as genai

    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        path = in_q8_0(Path(folder))
        scheduler = genai.SchedulerConfig()
        scheduler.num_kv_blocks = CONTEXT // 32 + 1
        settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"}
        pipeline = genai.LLMPipeline(str(path), "CPU", scheduler_config=scheduler, **settings)
        with hub.load(str(path), backend="openvino", threads=THREADS, context_length=CONTEXT) as model:
            for turn in range(rounds + 1):
                for place, prompt in enumerate(PROMPTS):
                    if (turn + place) % 2:
                        through, bare = hub_speed(model, prompt), bare_speed(pipeline, prompt)
                    else:
                        bare, through = bare_speed(pipeline, prompt), hub_speed(model, prompt)
                    if turn:  # the first round warms both
                        pairs.append((through, bare))
        del pipeline
    return pairs


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--least", type=float, default=0.97, help="lowest ratio that passes")
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32", help="of the embeddings")
    given = parser.parse_args()
    spent, apart = embeddings(given.rounds, given.sentences, given.precision)
    speeds = generation(given.rounds)
    embedding = statistics.median(theirs / ours for ours, theirs in spent)
    generating = statistics.median(ours / theirs for ours, theirs in speeds)
    for place, name in ((1, "bare"), (0, "hub.load")):
        rate = CALL / statistics.median(pair[place] for pair in spent)
        tokens = statistics.median(pair[place] for pair in speeds)
        print(f"{name:<9} {rate:7.1f} sentences/s ({given.precision})   {tokens:6.1f} tokens/s")
    print(f"ratio     {embedding:7.3f} x   largest difference {apart:.1e}   {generating:.3f} x")
    figures = {"embeddings": round(embedding, 4), "generation": round(generating, 4), "rounds": given.rounds}
    print(json.dumps({**figures, "precision": given.precision, "difference": apart}))
    close = apart < (1e-4 if given.precision == "f32" else 1e-2)
    return 0 if min(embedding, generating) >= given.least and close else 1


if __name__ == "__main__":
    sys.exit(main())
