"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import Option, TransformSpec, hookimpl

__all__ = ["hub_transforms"]


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give the two ways from the Hugging Face layout to ONNX; which one a model takes is told by its task."""
    return [
        TransformSpec(
            id="export-encoder",
            step="onnx",
            takes=("safetensors",),
            gives="onnx",
            lossy=False,
            tolerance=1e-4,
            target="hub_export.encoders:export",
            predict="hub_export.facts:predict_encoder",
            frameworks=("torch",),
            options=(
                Option(name="opset", type=int, default=18, min=18, max=25, help="Version of the ONNX operators."),
            ),
            summary="The graph as torch.export sees it, with any batch and length",
        ),
        TransformSpec(
            id="export-decoder",
            step="onnx",
            takes=("safetensors",),
            gives="onnx",
            lossy=False,
            tolerance=1e-3,
            target="hub_export.decoders:export",
            predict="hub_export.facts:predict_decoder",
            summary="A graph with a KV cache, as ONNX Runtime GenAI runs it, in 32 bits",
        ),
    ]
