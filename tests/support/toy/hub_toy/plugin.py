"""What the toy gives."""

from hub.plugin import BackendSpec, FormatSpec, ModelSpec, Option, hookimpl


@hookimpl
def hub_formats():
    return [FormatSpec(id="toy", match=("*.toy",), weights=("*.toy",))]


@hookimpl
def hub_backends():
    return [
        BackendSpec(
            id="toy",
            formats=("toy",),
            verbs=("chat", "embed"),
            target="hub_toy.backend:open_toy",
            env={"HUB_TOY_THREADS": "passive", "HUB_TOY_KEPT": "passive"},
            options=(
                Option(name="fail", type=str, default=""),
                Option(name="parallel", type=int, default=2, min=1),
            ),
        )
    ]


@hookimpl
def hub_models():
    return [
        ModelSpec(
            id="toy-talk",
            task="text-generation",
            families=("*",),
            verbs=("chat",),
            target="hub_toy.model:Talk",
            options=(Option(name="max_tokens", type=int, min=1), Option(name="upper", type=bool, default=False)),
        ),
        ModelSpec(
            id="toy-vectors",
            task="feature-extraction",
            families=("*",),
            verbs=("embed",),
            target="hub_toy.model:Vectors",
        ),
    ]
