"""The file beside the weights of a model that turns pictures into what the model reads. Opens nothing of it.

llama.cpp calls it `mmproj`: https://github.com/ggml-org/llama.cpp/blob/master/docs/multimodal.md
"""

from __future__ import annotations

from pathlib import Path

from hub.errors import InferenceError
from hub.runtime.protocols import OpenRequest
from hub_llamacpp.gguf import GGUFError, check, read_metadata

__all__ = ["find_projector", "is_projector"]

_ARCHITECTURE = "clip"


def is_projector(path: Path) -> bool:
    """Whether a file is one, by its name."""
    return "mmproj" in path.name.lower()


def find_projector(request: OpenRequest) -> Path | None:
    """The projector, where there is one and pictures may be asked about.

    Raises
    ------
    InferenceError
        It is damaged, or none: llama.cpp would wait for it for ever.
    """
    beside = {*request.files, *request.path.glob("*.gguf")} if request.verb == "chat" else set()
    path = min((each for each in beside if each.suffix == ".gguf" and is_projector(each)), default=None)
    if path is None:
        return None
    try:
        check(path)
        found = read_metadata(path).get("general.architecture")
    except (GGUFError, OSError) as error:
        raise InferenceError(
            f"the projector {path} cannot be loaded: {error}", hint="Pull it again: hub pull --verify MODEL"
        ) from error
    if found != _ARCHITECTURE:
        raise InferenceError(f"{path} is named as a projector, and holds the architecture '{found}'")
    return path
