"""Hooks of schemathesis: models that are named exist, so that requests reach what answers them."""

import schemathesis

_VECTORS = ("/v1/embeddings", "/api/embed", "/api/embeddings", "/v2/models/{model}/infer")
_NAMED = 4  # but for one in so many


@schemathesis.hook
def before_call(context, case, kwargs):
    """Name what there is, in all that is sent."""
    model = "vectors" if case.operation.path in _VECTORS else "toy"
    for sent in (case.path_parameters, case.query, case.body):
        if isinstance(sent, dict) and isinstance(sent.get("model"), str) and len(sent["model"]) % _NAMED:
            sent["model"] = model
    if "task" in (case.path_parameters or {}):
        case.path_parameters["task"] = "text-generation"
