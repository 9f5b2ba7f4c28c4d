"""What the plugin gives: a format and a runtime."""

from hub.plugin import BackendSpec, FormatSpec, Option, hookimpl


@hookimpl
def hub_formats():
    return [FormatSpec(id="say", match=("*.say",), weights=("*.say",))]


@hookimpl
def hub_backends():
    return [
        BackendSpec(
            id="speaker",
            formats=("say",),
            verbs=("chat", "generate", "embed"),
            target="hub_speaking.backend:open_speaker",
            options=(Option(name="fault", type=str, default=""),),
        )
    ]
