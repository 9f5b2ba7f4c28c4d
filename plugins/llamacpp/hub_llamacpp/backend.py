"""Starts llama.cpp on a GGUF file. The one module that imports it.

The library serves HTTP whether or not anybody asks: here it listens on a socket in a private folder that is gone
before the model answers its first request, and behind a key that nobody is told.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import xllamacpp  # type: ignore[import-untyped]

from hub.errors import InferenceError, OptionError
from hub.runtime.protocols import OpenRequest, Probe, Session, usable_cores
from hub.types import JSON
from hub_llamacpp.facts import context_of, rounded
from hub_llamacpp.gguf import GGUFError, Scalar, check, find_text, read_metadata
from hub_llamacpp.projector import find_projector, is_projector
from hub_llamacpp.requests import BATCH
from hub_llamacpp.sessions import ChatSession, EmbedSession

if TYPE_CHECKING:
    from hub_llamacpp.scoring import Vocabulary

__all__ = ["open_model", "probe"]

_QUIET, _ERRORS = -1, 1
_REASON = "error loading model: "
_SHORT = 64
_TOOLS = re.compile(r"\{[%{][^}]*\btools\b")


def open_model(request: OpenRequest) -> Session:
    """Target of the backend: load a GGUF file for `chat` or `embed`.

    Raises
    ------
    OptionError
        The context is larger than the model was trained for.
    InferenceError
        llama.cpp cannot load the file.
    """
    path = _model_file(request)
    metadata = _describe(path, request.verb)
    trained = metadata["trained_context_length"]
    wanted = request.options.get("context_length")
    context = context_of(trained if isinstance(trained, int) else None, wanted if isinstance(wanted, int) else None)
    if isinstance(trained, int) and context > trained:
        raise OptionError(f"context_length {context} is more than the {trained} that this model was trained for")
    if request.verb == "embed" and not metadata["pooling"]:
        raise InferenceError(f"{path} says nothing of pooling: it is no model for embeddings")
    slots = int(str(request.options.get("parallel") or 1)) if request.verb == "chat" else 1
    projector = find_projector(request)
    server = _start(path, request, context, slots, projector)
    metadata["context_length"] = context if request.verb == "embed" else rounded(context)
    if request.verb == "embed":
        return EmbedSession(server, metadata)
    return ChatSession(
        server,
        metadata,
        slots=slots,
        reuse=bool(request.options.get("prompt_cache")),
        vocabulary=partial(_open_vocabulary, path),
        sees=projector is not None,
        calls=_takes_tools(path),
    )


def _open_vocabulary(path: Path) -> Vocabulary:
    from hub_llamacpp.vocabulary import ServedVocabulary  # numpy: for measures alone

    return ServedVocabulary(partial(_start_vocabulary, path))


def _start_vocabulary(path: Path, address: str, key: str) -> xllamacpp.Server:
    """A server that only tokenises: it shares the pages of the file with the session, and keeps a short context."""
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = params.n_batch = params.n_ubatch = _SHORT
    params.n_parallel = 1
    _keep_out_of_gpu(params)
    params.no_extra_bufts = True
    _make_quiet(params)
    params.api_keys = [key]
    params.hostnames = [address]
    server = xllamacpp.Server(params)
    server.handle_metrics()  # as below
    return server


def probe() -> Probe:
    """Devices that this build of llama.cpp can use on this machine."""
    found = [str(device["name"]) for device in xllamacpp.get_device_info()]
    devices = ("cuda", "cpu") if any(name.startswith("CUDA") for name in found) else ("cpu",)
    return Probe(devices=devices, versions={"xllamacpp": xllamacpp.__version__}, detail=", ".join(found))


def _model_file(request: OpenRequest) -> Path:
    """The file to name: the first of a split model. The projector of a vision model lies beside it."""
    files = sorted(path for path in request.files if path.suffix == ".gguf" and not is_projector(path))
    if not files:
        raise InferenceError(f"there is no .gguf file in {request.path}")
    return files[0]


def _takes_tools(path: Path) -> bool:
    """Whether the chat template of the file shows tools to the model."""
    return bool(_TOOLS.search(find_text(path, "tokenizer.chat_template") or ""))


def _describe(path: Path, verb: str) -> dict[str, JSON]:
    """Architecture, trained context and pooling, as the file says."""

    def name(found: dict[str, Scalar], key: str) -> str:
        return f"{found.get('general.architecture', '')}.{key}"

    def enough(found: dict[str, Scalar]) -> bool:
        return name(found, "context_length") in found and (verb != "embed" or name(found, "pooling_type") in found)

    try:
        found = read_metadata(path, enough)
    except GGUFError as error:
        raise InferenceError(f"{path} cannot be loaded: {error}") from error
    return {
        "architecture": str(found.get("general.architecture", "")),
        "trained_context_length": int(found[key]) if (key := name(found, "context_length")) in found else None,
        "pooling": int(found[key]) if (key := name(found, "pooling_type")) in found else None,
    }


def _start(path: Path, request: OpenRequest, context: int, slots: int, projector: Path | None) -> xllamacpp.Server:
    params = _parameters(path, request, context, slots)
    if projector is not None:
        params.mmproj.path = str(projector)
        params.mmproj_use_gpu = request.device != "cpu"
    with tempfile.TemporaryDirectory(prefix="hub-") as private:
        params.api_keys = [secrets.token_urlsafe(32)]
        params.hostnames = ["127.0.0.1" if sys.platform == "win32" else f"{private}/unused.sock"]
        try:
            server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise _load_error(path) from error
    _await_loop(server, request.verb)
    return server


def _await_loop(server: xllamacpp.Server, verb: str) -> None:
    """Have one token computed: that alone is done by the server's loop, and shows that it runs.

    A server that is closed before its loop runs waits for the end of it for ever. Metrics and tokens are answered by
    another of its threads, which may be up before.
    """
    if verb == "embed":
        server.handle_embeddings({"input": "a"})
    else:
        server.handle_completions({"prompt": "a", "n_predict": 1, "cache_prompt": False}, lambda _: False)


def _parameters(path: Path, request: OpenRequest, context: int, slots: int) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    threads = request.options.get("threads")
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = (
        threads if isinstance(threads, int) else usable_cores()
    )
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.n_batch = params.n_ubatch = BATCH
    if request.verb == "embed":
        params.embedding = True
        params.n_batch = params.n_ubatch = context  # a text is pooled from one batch
    if request.device == "cpu":
        _keep_out_of_gpu(params)
    else:
        _use_gpu(params, request)
    params.ctx_shift = False
    _make_quiet(params)
    params.use_jinja = True
    # The answer as it is: nothing of it is taken out as reasoning. (`force_pure_content_parser` would drop schemas.)
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    return params


def _make_quiet(params: xllamacpp.CommonParams) -> None:
    """Nothing that is not asked for: no warm-up, no guess of parameters, no cache in RAM, no log, no pages."""
    params.warmup = False
    params.fit_params = False
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.verbosity = _QUIET
    params.n_threads_http = 1
    params.ui = False
    params.endpoint_slots = False


def _keep_out_of_gpu(params: xllamacpp.CommonParams) -> None:
    params.n_gpu_layers = 0
    params.no_kv_offload = True
    params.no_op_offload = True


def _use_gpu(params: xllamacpp.CommonParams, request: OpenRequest) -> None:
    layers = request.options.get("gpu_layers")
    params.n_gpu_layers = layers if isinstance(layers, int) else 9999


def _load_error(path: Path) -> InferenceError:
    """Why a file did not load: what is wrong with it, else what llama.cpp itself says."""
    try:
        check(path)
    except (GGUFError, OSError) as error:
        return InferenceError(f"{path} cannot be loaded: {error}", hint="Pull it again: hub pull --verify MODEL")
    return InferenceError(
        f"llama.cpp (xllamacpp {xllamacpp.__version__}) cannot load {path}: {_own_words(path)}",
        hint="If it is newer than the library: pip install --upgrade xllamacpp",
    )


def _own_words(path: Path) -> str:
    """The library's reason. It goes to its log alone, so another process tries once more and is read."""
    script = f"from {__name__} import load_aloud; load_aloud({str(path)!r})"
    tried = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, errors="replace", check=False
    )
    reasons = [line.partition(_REASON)[2] for line in tried.stderr.splitlines() if _REASON in line]
    return reasons[0] if reasons else "it gives no reason; the memory may be too small"


def load_aloud(path: str) -> None:
    """Load a file with the library's errors on stderr."""
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.warmup = params.fit_params = False
    params.n_ctx = BATCH
    params.verbosity = _ERRORS
    xllamacpp.Server(params)
