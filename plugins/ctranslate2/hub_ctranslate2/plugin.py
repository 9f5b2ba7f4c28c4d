"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import BackendSpec, FormatSpec, LoadStep, Option, TransformSpec, hookimpl

__all__ = ["hub_backends", "hub_formats", "hub_transforms"]

OPTIONS = (
    Option(
        name="threads",
        type=int,
        min=1,
        help="Threads inside an operator; without it the CPUs that this process may use.",
    ),
    Option(
        name="compute_type",
        type=str,
        default="default",
        choices=(
            "default",
            "auto",
            "float32",
            "float16",
            "bfloat16",
            "int16",
            "int8",
            "int8_float32",
            "int8_float16",
            "int8_bfloat16",
        ),
        help="What to compute in; default keeps what the weights are stored in where the device does it, and auto "
        "takes what the device is fastest at.",
    ),
    Option(
        name="beam_size",
        type=int,
        default=1,
        min=1,
        max=32,
        help="Texts that are weighed side by side where the temperature is 0; 1 takes the likeliest token each time.",
    ),
)

# libgomp spins at the barriers of every layer: beside another process that works, it burns the time that the one thread
# which has something to do would need.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}


@hookimpl
def hub_formats() -> list[FormatSpec]:
    """Give the format that CTranslate2 reads."""
    return [
        FormatSpec(
            id="ctranslate2",
            match=("model.bin", "config.json"),
            weights=("model.bin",),
            summary="Weights in the binary form of CTranslate2; no pickle.",
        )
    ]


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give CTranslate2, for models with an encoder and a decoder."""
    return [
        BackendSpec(
            id="ctranslate2",
            formats=("ctranslate2",),
            verbs=("generate",),
            devices=("cuda", "cpu"),
            target="hub_ctranslate2.backend:open_model",
            probe="hub_ctranslate2.library:probe",
            accepts="hub_ctranslate2.facts:accepts",
            memory="hub_ctranslate2.facts:memory",
            options=OPTIONS,
            load_steps=(LoadStep(step="int8", summary="Weights and products in 8 bits, sums in 32."),),
            env=ENVIRONMENT,
            summary="Whisper and translation through CTranslate2",
        )
    ]


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give the way from CTranslate2 to the Hugging Face layout, for Whisper."""
    return [
        TransformSpec(
            id="ctranslate2-safetensors",
            step="safetensors",
            takes=("ctranslate2",),
            gives="safetensors",
            lossy=False,
            target="hub_ctranslate2.conversion:convert",
            predict="hub_ctranslate2.facts:predict",
            summary="Whisper in the Hugging Face layout",
        )
    ]
