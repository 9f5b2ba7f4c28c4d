"""What the plugin gives: a format, two runtimes, a model plugin, and transforms that lose, keep, break or stall."""

from pathlib import Path

from hub.plugin import BackendSpec, FormatSpec, LoadStep, ModelSpec, Option, TransformSpec, hookimpl


@hookimpl
def hub_formats():
    return [FormatSpec(id="bend", match=("*.bend",), weights=("*.bend",))]


@hookimpl
def hub_backends():
    def backend(name, **fields):
        return BackendSpec(id=name, formats=("bend",), verbs=("run",), target=f"hub_bending.backend:{name}", **fields)

    steps = (LoadStep(step="halved", lossy=True), LoadStep(step="kept", lossy=False))
    return [backend("bender", load_steps=steps), backend("other")]


@hookimpl
def hub_models():
    return [
        ModelSpec(
            id="bent-vectors",
            task="feature-extraction",
            families=("bent",),
            verbs=("run",),
            target="hub_bending.model:Vectors",
        )
    ]


@hookimpl
def hub_transforms():
    def transform(step, **fields):
        return TransformSpec(
            id=f"bend-{step}", step=step, takes=("bend",), target=f"hub_bending.transforms:{step}", **fields
        )

    return [
        transform("push", options=(Option(name="by", type=float, default=0.1),)),
        transform("same", lossy=False),
        transform("spoil"),
        transform("vary"),
        transform("stall"),
        transform("learn", options=(Option(name="data", type=Path),)),
    ]
