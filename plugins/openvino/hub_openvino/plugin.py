"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from pathlib import Path

from hub.plugin import BackendSpec, FormatSpec, LoadStep, Option, TransformSpec, hookimpl

__all__ = ["hub_backends", "hub_formats", "hub_transforms"]

OPTIONS = (
    Option(
        name="precision",
        type=str,
        choices=("auto", "f32", "bf16", "f16"),
        help="What is computed in; auto is what the device does best (bf16 on CPUs with AMX or AVX512_BF16). "
        "Without it f32 for tensors, and auto for conversations.",
    ),
    Option(
        name="performance",
        type=str,
        default="latency",
        choices=("latency", "throughput"),
        help="Answer one call as soon as possible, or many calls that come at once; for tensors.",
    ),
    Option(
        name="threads",
        type=int,
        min=1,
        help="CPU threads; without it what OpenVINO chooses within the affinity and the CPU quota.",
    ),
    Option(
        name="cache_dir",
        type=Path,
        help="Folder that keeps compiled models, so that they open faster the next time.",
    ),
    Option(
        name="context_length",
        type=int,
        min=16,
        help="Tokens of prompt and answer together; without it 4096, or the model's limit if smaller.",
    ),
    Option(
        name="parallel",
        type=int,
        default=1,
        min=1,
        max=64,
        help="Conversations answered at once, in one batch that each joins and leaves; each has its context.",
    ),
    Option(
        name="kv_cache",
        type=str,
        choices=("u8", "bf16", "f16", "f32"),
        help="What keys and values of a conversation are kept in; without it f32 at precision f32, else u8 on a CPU.",
    ),
    Option(
        name="prompt_cache",
        type=bool,
        default=False,
        help="Keep what was computed for earlier prompts: faster turns, but a near tie may fall differently.",
    ),
)
LOAD_STEPS = (
    LoadStep(step="bf16", verbs=("run", "chat"), summary="Compute in bfloat16, where the device does."),
    LoadStep(step="f16", verbs=("run", "chat"), summary="Compute in float16, where the device does."),
)


@hookimpl
def hub_formats() -> list[FormatSpec]:
    """Give OpenVINO's intermediate representation: a graph as XML with its weights beside it."""
    return [
        FormatSpec(
            id="openvino",
            match=("*.xml", "*.bin"),
            weights=("*.xml", "*.bin"),
            summary="OpenVINO IR: a graph as XML, its weights beside it.",
        )
    ]


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give OpenVINO for graphs, and OpenVINO GenAI for language models."""
    return [
        BackendSpec(
            id="openvino",
            formats=("openvino", "onnx", "gguf"),
            verbs=("run", "chat"),
            devices=("gpu", "npu", "cpu"),
            target="hub_openvino.opening:open_model",
            probe="hub_openvino.devices:probe",
            accepts="hub_openvino.facts:accepts",
            memory="hub_openvino.facts:memory",
            options=OPTIONS,
            load_steps=LOAD_STEPS,
            exact={"precision": "f32"},
            summary="ONNX graphs, OpenVINO IR and GGUF models through OpenVINO",
        )
    ]


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give the conversions to OpenVINO IR, done once instead of at every load."""
    return [
        TransformSpec(
            id="onnx-openvino",
            step="openvino",
            takes=("onnx",),
            gives="openvino",
            lossy=False,
            target="hub_openvino.conversion.graphs:convert",
            predict="hub_openvino.conversion.predict:graphs",
            tolerance=1e-4,
            summary="ONNX to OpenVINO IR; the weights keep their precision",
        ),
        TransformSpec(
            id="gguf-openvino",
            step="openvino",
            takes=("gguf",),
            gives="openvino",
            lossy=False,
            target="hub_openvino.conversion.language:convert",
            predict="hub_openvino.conversion.predict:language_model",
            tolerance=2e-3,
            summary="GGUF to OpenVINO IR; float16 in place of types that OpenVINO would round or not read",
        ),
    ]
