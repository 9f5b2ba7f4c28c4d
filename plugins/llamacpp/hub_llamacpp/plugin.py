"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import BackendSpec, Option, hookimpl

__all__ = ["hub_backends"]

OPTIONS = (
    Option(
        name="threads", type=int, min=1, help="CPU threads; without it the physical cores that this process may use."
    ),
    Option(
        name="context_length",
        type=int,
        min=16,
        help="Tokens of prompt and answer together, in steps of 256; without it 4096, or the model's limit if smaller.",
    ),
    Option(
        name="parallel", type=int, default=1, min=1, max=64, help="Requests answered at once, each with its context."
    ),
    Option(name="gpu_layers", type=int, min=0, help="Layers kept on the GPU; without it all of them on a GPU device."),
    Option(
        name="prompt_cache",
        type=bool,
        default=False,
        help="Keep the evaluated start of the last prompt: faster turns, but a near tie may fall differently.",
    ),
)

# libgomp waits at the barriers of every layer. Spinning for as long as it does by default, a model falls from 120 to 1
# token a second when another process works; without any spinning it loses half its speed when none does. A thousand
# turns and then sleep keep four fifths of the speed in the one case and never collapse in the other.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give llama.cpp, for GGUF files."""
    return [
        BackendSpec(
            id="llamacpp",
            formats=("gguf",),
            verbs=("chat", "embed"),
            devices=("cuda", "cpu"),
            target="hub_llamacpp.backend:open_model",
            probe="hub_llamacpp.backend:probe",
            accepts="hub_llamacpp.facts:accepts",
            memory="hub_llamacpp.facts:memory",
            options=OPTIONS,
            env=ENVIRONMENT,
            summary="GGUF models through llama.cpp",
        )
    ]
