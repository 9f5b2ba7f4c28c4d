"""What the plugin gives: the kind `grid` (grey pictures), four tasks over it, a format, a backend, a model for each."""

from hub.plugin import BackendSpec, FormatSpec, KindSpec, ModelSpec, Option, TaskSpec, hookimpl


@hookimpl
def hub_kinds():
    return [
        KindSpec(
            id="grid",
            media="image/x-grid",
            suffixes=(".grid", ".rows"),
            read="hub_painting.codec:read",
            write="hub_painting.codec:write",
            describe="hub_painting.codec:describe",
        )
    ]


@hookimpl
def hub_tasks():
    return [
        TaskSpec(
            id="grid-classification",
            inputs=("grid",),
            outputs=("labels",),
            draw="hub_painting.codec:frame",
            samples="hub_painting.codec:samples",
        ),
        TaskSpec(id="grid-to-text", inputs=("grid",), outputs=("text",)),
        TaskSpec(id="text-to-grid", inputs=("text",), outputs=("grid",)),
        TaskSpec(id="grid-activity", inputs=("grid",), outputs=("segments",)),
        TaskSpec(id="file-size", inputs=("file",), outputs=("labels",)),
    ]


@hookimpl
def hub_formats():
    return [FormatSpec(id="ink", match=("*.ink",), weights=("*.ink",))]


@hookimpl
def hub_backends():
    return [
        BackendSpec(
            id="inker",
            formats=("ink", "pickle"),
            verbs=("run",),
            target="hub_painting.backend:open_ink",
            frameworks=("paint",),
        )
    ]


@hookimpl
def hub_models():
    def model(task, target, *options, **fields):
        return ModelSpec(
            id=task,
            task=task,
            families=("ink",),
            verbs=("run",),
            target=f"hub_painting.model:{target}",
            options=options,
            **fields,
        )

    return [
        model("grid-classification", "Labels", architectures={"paint": "hub_painting.model:brush"}),
        model("grid-to-text", "Texts"),
        model("text-to-grid", "Grids", Option(name="wrong", type=bool, default=False)),
        model("grid-activity", "Activity", Option(name="threshold", type=float, default=0.5)),
        model("file-size", "Sizes"),
    ]
