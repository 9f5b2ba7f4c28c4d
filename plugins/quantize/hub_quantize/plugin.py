"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from pathlib import Path

from hub.plugin import Option, TransformSpec, hookimpl

__all__ = ["hub_transforms"]

EMBEDDINGS = Option(
    name="embeddings",
    type=bool,
    default=True,
    help="Put tables of embeddings into 8 bits too, a scale for each row.",
)
EXCLUDE = Option(
    name="exclude",
    type=str,
    many=True,
    help="Pattern of names of matrix products that stay as they are, such as */layers.0/*.",
)
REDUCE = Option(
    name="reduce_range",
    type=bool,
    default=False,
    help="7 bits for weights, for x86 CPUs without VNNI, where sums of 8-bit products overflow.",
)
SMOOTH = Option(
    name="smooth",
    type=float,
    default=0.8,
    min=0,
    max=1,
    help="How much of the outliers of activations moves into weights (SmoothQuant); 0 is off.",
)
SAMPLES = Option(name="samples", type=int, default=256, min=1, help="Inputs to calibrate on.")
DATA = Option(name="data", type=Path, help="Texts to calibrate on; without it the task's own data set.")
BLOCK = Option(name="block_size", type=int, default=32, min=16, max=256, help="Weights that share a scale.")


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give compressions of ONNX graphs, OpenVINO IR, GGUF files and safetensors."""
    return [*onnx_graphs(), *openvino_graphs(), *gguf_files(), *safetensors_files()]


def onnx_graphs() -> list[TransformSpec]:
    """Compressions of ONNX graphs."""
    return [
        TransformSpec(
            id="onnx-int8-dynamic",
            step="int8-dynamic",
            takes=("onnx",),
            target="hub_quantize.onnx_graphs.dynamic:int8_dynamic",
            predict="hub_quantize.predict:onnx_int8",
            options=(
                Option(
                    name="per_channel", type=bool, default=True, help="A scale for each output channel of a matrix."
                ),
                EMBEDDINGS,
                EXCLUDE,
                REDUCE,
            ),
            summary="8-bit weights, activations rounded while it answers; needs no data",
        ),
        TransformSpec(
            id="onnx-int8-static",
            step="int8-static",
            takes=("onnx",),
            target="hub_quantize.onnx_graphs.static:int8_static",
            predict="hub_quantize.predict:onnx_int8",
            options=(
                DATA,
                SAMPLES,
                SMOOTH,
                EMBEDDINGS,
                EXCLUDE,
                REDUCE,
            ),
            summary="8-bit weights and activations, calibrated on data, after SmoothQuant",
        ),
        TransformSpec(
            id="onnx-int8",
            step="int8",
            takes=("onnx",),
            target="hub_quantize.onnx_graphs.blocks:int8",
            predict="hub_quantize.predict:onnx_int8_blocks",
            options=(BLOCK, EMBEDDINGS, EXCLUDE),
            summary="8-bit weights in blocks; the nearest to the origin, needs no data",
        ),
        TransformSpec(
            id="onnx-int4",
            step="int4",
            takes=("onnx",),
            target="hub_quantize.onnx_graphs.blocks:int4",
            predict="hub_quantize.predict:onnx_int4_blocks",
            options=(BLOCK, EMBEDDINGS, EXCLUDE),
            summary="4-bit weights in blocks; needs no data",
        ),
        TransformSpec(
            id="onnx-fp16",
            step="fp16",
            takes=("onnx",),
            target="hub_quantize.onnx_graphs.half:fp16",
            revision=2,
            predict="hub_quantize.predict:half",
            summary="float16 weights and computation; inputs and outputs stay as they are",
        ),
    ]


def openvino_graphs() -> list[TransformSpec]:
    """Compressions of OpenVINO IR."""
    return [
        TransformSpec(
            id="openvino-int8-static",
            step="int8-static",
            takes=("openvino",),
            target="hub_quantize.openvino_graphs.calibrated:int8_static",
            predict="hub_quantize.predict:openvino_int8",
            options=(
                DATA,
                SAMPLES,
                SMOOTH,
                Option(
                    name="preset",
                    type=str,
                    default="mixed",
                    choices=("mixed", "performance"),
                    help="mixed rounds activations around a point of their own, performance around zero.",
                ),
                Option(
                    name="ignored", type=str, many=True, help="Regular expression of operations that stay in float."
                ),
            ),
            summary="8-bit weights and activations, calibrated on data by NNCF",
        ),
        TransformSpec(
            id="openvino-int8",
            step="int8",
            takes=("openvino",),
            target="hub_quantize.openvino_graphs.weights:int8",
            predict="hub_quantize.predict:openvino_int8",
            summary="8-bit weights, a scale for each channel; needs no data",
        ),
        TransformSpec(
            id="openvino-int4",
            step="int4",
            takes=("openvino",),
            target="hub_quantize.openvino_graphs.weights:int4",
            predict="hub_quantize.predict:openvino_int4",
            options=(
                Option(
                    name="group_size", type=int, default=64, min=-1, help="Weights that share a scale; -1: a channel."
                ),
                Option(name="ratio", type=float, default=1.0, min=0, max=1, help="Share of 4 bits; the rest has 8."),
                Option(name="symmetric", type=bool, default=False, help="No zero points: smaller, and loses more."),
            ),
            summary="4-bit weights in groups; needs no data",
        ),
        TransformSpec(
            id="openvino-fp16",
            step="fp16",
            takes=("openvino",),
            target="hub_quantize.openvino_graphs.weights:fp16",
            predict="hub_quantize.predict:half",
            summary="float16 weights; what is computed in, the device chooses",
        ),
    ]


def gguf_files() -> list[TransformSpec]:
    """Compressions of GGUF files, to the types that the `gguf` package writes."""
    whole, small = ("q8_0",), ("q4_0", "q4_1", "q5_0", "q5_1")
    target = "hub_quantize.gguf_files.types"
    return [
        TransformSpec(
            id="gguf-int8",
            step="int8",
            takes=("gguf",),
            target=f"{target}:quantize",
            predict="hub_quantize.predict:gguf",
            options=(Option(name="type", type=str, default="q8_0", choices=whole, help="GGUF type of the matrices."),),
            summary="8-bit weights in blocks of 32: Q8_0",
        ),
        TransformSpec(
            id="gguf-int4",
            step="int4",
            takes=("gguf",),
            target=f"{target}:quantize",
            predict="hub_quantize.predict:gguf",
            options=(Option(name="type", type=str, default="q4_1", choices=small, help="GGUF type of the matrices."),),
            summary="4- or 5-bit weights in blocks of 32",
        ),
        *(
            TransformSpec(
                id=f"gguf-{kind}",
                step=kind,
                takes=("gguf",),
                target=f"{target}:{kind}",
                predict="hub_quantize.predict:gguf_half",
                summary=f"{name} matrices",
            )
            for kind, name in (("fp16", "float16"), ("bf16", "bfloat16"))
        ),
    ]


def safetensors_files() -> list[TransformSpec]:
    """Casts of safetensors."""
    return [
        TransformSpec(
            id=f"safetensors-{kind}",
            step=kind,
            takes=("safetensors",),
            target=f"hub_quantize.safetensors_files.cast:{kind}",
            predict="hub_quantize.predict:half",
            summary=f"{name} weights",
        )
        for kind, name in (("fp16", "float16"), ("bf16", "bfloat16"))
    ]
