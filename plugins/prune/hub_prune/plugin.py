"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from pathlib import Path

from hub.plugin import Option, TransformSpec, hookimpl

__all__ = ["OPTIONS", "hub_transforms"]

STRUCTURE = (
    Option(name="layers", type=int, min=1, help="Layers to drop: those whose absence changes the output least."),
    Option(
        name="heads",
        type=float,
        min=0,
        help="Share of attention heads to remove from each layer; heads that share keys and values go together.",
    ),
    Option(name="ffn", type=float, min=0, help="Share of feed-forward channels to remove from each layer."),
    Option(
        name="size",
        type=float,
        help="Share of the size to come down to, in place of heads and ffn, which are then chosen.",
    ),
    Option(
        name="reconstruct",
        type=bool,
        default=True,
        help="Fit the projections that remain to what the layer gave before, by least squares.",
    ),
)
ZEROS = (
    Option(name="sparsity", type=float, min=0, help="Share of single weights to set to zero. The size stays."),
    Option(
        name="method",
        type=str,
        choices=("magnitude", "wanda"),
        help="Which weights are zeroed: the smallest, or the smallest times their activations (wanda, default).",
    ),
    Option(
        name="pattern",
        type=str,
        choices=("unstructured", "2:4"),
        help="Where zeros may be: anywhere (default), or two in each four inputs, which some GPUs compute faster.",
    ),
)
CALIBRATION = (
    Option(name="data", type=Path, help="Texts to calibrate on, one on each line; without it the task's own data set."),
    Option(name="samples", type=int, default=512, min=1, help="How many of the texts to calibrate on."),
    Option(name="seed", type=int, default=0, min=0, max=2**32 - 1, help="Chooses the samples where there are more."),
)
OPTIONS = (*STRUCTURE, *ZEROS, *CALIBRATION)


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give pruning, and the way of encoders that transformers has no config for once heads are gone."""
    return [
        TransformSpec(
            id="prune",
            step="prune",
            takes=("safetensors",),
            gives="safetensors",
            lossy=True,
            target="hub_prune.pruning:prune",
            predict="hub_prune.facts:predict",
            options=OPTIONS,
            summary="Layers, attention heads, feed-forward channels or single weights removed",
        ),
        TransformSpec(
            id="prune-onnx",
            step="prune",
            takes=("safetensors",),
            gives="onnx",
            lossy=True,
            target="hub_prune.pruning:prune_to_onnx",
            predict="hub_prune.facts:predict_onnx",
            options=OPTIONS,
            summary="Attention heads of an encoder removed, as an ONNX graph",
        ),
    ]
