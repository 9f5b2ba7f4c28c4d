"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import BackendSpec, Option, TransformSpec, hookimpl

__all__ = ["hub_backends", "hub_transforms"]

OPTIONS = (
    Option(
        name="threads",
        type=int,
        min=1,
        help="Threads inside an operator; without it the CPUs that this process may use.",
    ),
    Option(name="inter_op_threads", type=int, default=1, min=1, help="Operators of a graph that may run at once."),
    Option(
        name="context_length",
        type=int,
        min=16,
        help="Tokens of prompt and answer together, for graphs with a KV cache; without it 4096, or the model's limit.",
    ),
    Option(
        name="graph_optimization",
        type=str,
        default="all",
        choices=("disable", "basic", "extended", "all"),
        help="How far ONNX Runtime rewrites the graph while it loads.",
    ),
)


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give ONNX Runtime, for ONNX graphs."""
    return [
        BackendSpec(
            id="onnx",
            formats=("onnx",),
            verbs=("run", "generate"),
            devices=("cuda", "cpu"),
            target="hub_onnx.opening:open_part",
            probe="hub_onnx.backend:probe",
            accepts="hub_onnx.facts:accepts",
            memory="hub_onnx.facts:memory",
            options=OPTIONS,
            summary="ONNX graphs through ONNX Runtime",
        )
    ]


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give ONNX Runtime's own graph optimisation as a step, done once instead of at every load."""
    return [
        TransformSpec(
            id="onnx-optimize",
            step="optimize",
            takes=("onnx",),
            gives="onnx",
            lossy=False,
            target="hub_onnx.optimize:optimize",
            tolerance=1e-4,
            options=(
                Option(
                    name="level",
                    type=str,
                    default="extended",
                    choices=("basic", "extended"),
                    help="basic folds and removes; extended also fuses operators of transformers.",
                ),
            ),
            summary="The graph as ONNX Runtime optimises it: loads a little faster, answers the same",
        )
    ]
