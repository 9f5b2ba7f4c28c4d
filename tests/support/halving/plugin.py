"""What this package gives. Imports hub.plugin and nothing else, so that no command waits for it."""

from hub.plugin import BackendSpec, ModelSpec, TransformSpec, hookimpl


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """`hub compress MODEL halve` asks for it by its step."""
    return [
        TransformSpec(
            id="halve",
            step="halve",
            takes=("safetensors",),
            target="hub_halve.compression:compress",
            predict="hub_halve.facts:predict",
            summary="Keeps float32 tensors in 16 bits",
        )
    ]


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Opens a table of vectors."""
    return [
        BackendSpec(
            id="halve-table",
            formats=("safetensors",),
            verbs=("embed",),
            devices=("cpu",),
            target="hub_halve.table:open_table",
            summary="Looks bytes up in a table",
        )
    ]


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Vectors of texts."""
    return [
        ModelSpec(
            id="halve-vectors",
            task="feature-extraction",
            families=("halve",),
            verbs=("embed",),
            target="hub_halve.table:Vectors",
            claims="hub_halve.table_facts:claims",
            summary="The mean of a text's vectors",
        )
    ]
