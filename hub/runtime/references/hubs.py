"""Models of hubs that the person gave a name, for `hub search`: asked over the network, a few seconds at most.

Sizes are those of whole repositories; what they hold is told when one is used. Knows nothing of terminals.
"""

from __future__ import annotations

from hub import config
from hub.registry.search import Hit

__all__ = ["search_hubs"]

_MOST = 20
_TIMEOUT = (3, 5)


def search_hubs(words: str, *, task: str | None = None) -> tuple[list[Hit], list[str]]:
    """What named hubs find, each hub in its own order, and which of them did not answer.

    Raises
    ------
    UsageError
        The setting `hubs` cannot be read.
    """
    hubs = config.hubs()
    if not hubs or config.get("offline"):
        return [], []
    import requests

    hits: list[Hit] = []
    notices: list[str] = []
    for name, url in hubs.items():
        token = config.hub_token(name)
        try:
            answer = requests.get(
                f"{url}/api/models",
                params={
                    "search": words,
                    "limit": str(_MOST),
                    "full": "true",
                    **({"pipeline_tag": task} if task else {}),
                },
                headers={"Authorization": f"Bearer {token}"} if token else {},
                timeout=_TIMEOUT,
            )
            answer.raise_for_status()
            hits += [_hit(name, model) for model in answer.json() if isinstance(model, dict)]
        except (requests.RequestException, ValueError) as error:
            notices.append(f"hub '{name}' ({url}) does not answer: {type(error).__name__}")
    return hits, notices


def _hit(name: str, model: dict[str, object]) -> Hit:
    given = model.get("tags")
    tags = tuple(str(tag) for tag in given) if isinstance(given, list) else ()
    licences = [tag.partition(":")[2] for tag in tags if tag.startswith("license:")]
    size = model.get("usedStorage")
    return Hit(
        name=f"{name}:{model.get('id')}",
        id=str(model.get("id")),
        task=str(model.get("pipeline_tag") or ""),
        license=licences[0] if licences else "",
        summary="",
        parameters=None,
        size=size if isinstance(size, int) else 0,
        memory=0,
        formats=tuple(tag for tag in tags if tag in {"safetensors", "gguf", "onnx"}),
        variants=(),
        tags=tags,
        registry=name,
        score=0.0,
    )
