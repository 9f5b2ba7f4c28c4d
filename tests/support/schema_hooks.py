"""Hooks of schemathesis: models that are named exist, so that requests reach what answers them."""

import schemathesis

_VECTORS = ("/v1/embeddings", "/api/embed", "/api/embeddings")
_NAMED = {"model": "toy", "task": "text-generation"}


@schemathesis.hook
def map_body(context, body):
    """Name a model that there is, but for some."""
    if isinstance(body, dict) and isinstance(body.get("model"), str) and len(body["model"]) % 4:
        return {**body, "model": "vectors" if context.operation.path in _VECTORS else "toy"}
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Name what there is."""
    given = path_parameters or {}
    return {**given, **{name: value for name, value in _NAMED.items() if name in given}}
