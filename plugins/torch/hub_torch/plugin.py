"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import BackendSpec, Option, TransformSpec, hookimpl
from hub_torch.steps import LOAD_STEPS

__all__ = ["hub_backends", "hub_transforms"]

OPTIONS = (
    Option(
        name="threads",
        type=int,
        min=1,
        help="Threads inside an operator on the CPU; without it the CPUs that this process may use.",
    ),
    Option(
        name="dtype",
        type=str,
        default="auto",
        choices=("auto", "float32", "bfloat16", "float16"),
        help="What to compute in; auto keeps what the weights are stored in where the device is fast at it.",
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
        help="Texts written at once, in one batch that each joins and leaves; each has its context.",
    ),
)


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give PyTorch, for weights in the Hugging Face layout."""
    return [
        BackendSpec(
            id="torch",
            formats=("safetensors",),
            verbs=("run", "generate"),
            devices=("cuda", "mps", "cpu"),
            target="hub_torch.backend:open_model",
            probe="hub_torch.devices:probe",
            accepts="hub_torch.facts:accepts",
            memory="hub_torch.facts:memory",
            options=OPTIONS,
            load_steps=LOAD_STEPS,
            exact={"dtype": "float32"},
            frameworks=("torch",),
            summary="safetensors models through PyTorch and transformers",
        )
    ]


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give the ways from GGUF and from pickles to safetensors."""
    return [
        TransformSpec(
            id="gguf-safetensors",
            step="safetensors",
            takes=("gguf",),
            gives="safetensors",
            lossy=False,
            target="hub_torch.conversion:convert",
            predict="hub_torch.conversion_facts:predict",
            options=(
                Option(
                    name="dtype",
                    type=str,
                    default="auto",
                    choices=("auto", "float32", "bfloat16", "float16"),
                    help="What to write; auto is the smallest in which every value stays what it is.",
                ),
            ),
            summary="Dequantized weights, tokenizer and chat template in the Hugging Face layout",
        ),
        TransformSpec(
            id="pickle-safetensors",
            step="safetensors",
            takes=("pickle",),
            gives="safetensors",
            lossy=False,
            target="hub_torch.pickles:convert",
            predict="hub_torch.pickles_facts:predict",
            tolerance=1e-6,
            summary="The tensors of a pickled state dict, read by an unpickler that takes nothing else",
        ),
    ]
