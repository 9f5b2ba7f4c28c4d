"""Completes the card of what is published: standard metadata, how to run it, where it comes from, what was measured.

What the author wrote stays as it is; fields and sections that are missing are added. Knows nothing of uploads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.publish.card import Card, hub_licence, texts
from hub.publish.entry import Given
from hub.publish.material import Material
from hub.registry.schema import Variant
from hub.types import JSON

__all__ = ["describe"]

_LIBRARY = {"safetensors": "transformers"}
_MADE = "<!-- made by hub publish -->"


def describe(material: Material, given: Given, repository: str, *, base: str = "") -> Card:
    """The card as it will be uploaded.

    Parameters
    ----------
    base
        Repository of the model that this one was made of, where the lineage does not say.
    """
    fields: dict[str, JSON] = {}
    licence = given.license or (material.origin.model.license if material.origin else "")
    if licence:
        fields |= hub_licence(licence)
    task = given.task or material.target.model.task
    if task:
        fields["pipeline_tag"] = task
    origin = base or material.base
    if origin:
        fields["base_model"] = origin
        if material.steps or material.recipe:
            fields["base_model_relation"] = _relation(material.steps)
    formats = [variant.format for variant in material.target.variants()]
    library = next((_LIBRARY[each] for each in formats if each in _LIBRARY), "")
    if library:
        fields["library_name"] = library
    tags = [*given.tags, *dict.fromkeys(formats), *(["compressed"] if material.steps else []), "openmodelhub"]
    fields["tags"] = list(dict.fromkeys([*texts(material.card.metadata.get("tags")), *tags]))
    card = Card(metadata={**material.card.metadata, **_only_given(given)}, body=material.card.body)
    metadata = {**fields, **card.metadata, "tags": fields["tags"]}
    if given.license:
        metadata = {name: value for name, value in metadata.items() if not name.startswith("license")}
        metadata |= hub_licence(given.license)
    return Card(metadata=metadata, body=_body(card.body, material, given, repository))


def _only_given(given: Given) -> dict[str, JSON]:
    return {"pipeline_tag": given.task} if given.task else {}


def _relation(steps: Sequence[str]) -> str:
    """What the Hub calls it: weights that learned again or lost a part are fine-tuned, all others are quantized."""
    return "finetune" if any(step.startswith(("distill", "prune")) for step in steps) else "quantized"


def _body(body: str, material: Material, given: Given, repository: str) -> str:
    """The author's text, and one section of ours, which is replaced when it is published again."""
    own = body.partition(_MADE)[0].rstrip()
    if not own:
        name = repository.partition("/")[2]
        own = f"# {name}\n\n{given.summary or _sentence(material)}"
    return own + "\n\n" + "\n".join([_MADE, *_section(material, given, repository)]) + "\n"


def _sentence(material: Material) -> str:
    if material.base and material.recipe:
        return f"{material.base} after {material.recipe}."
    return f"A model for {material.target.model.task or 'a task that its card names'}."


def _section(material: Material, given: Given, repository: str) -> Iterator[str]:
    example = " ".join((given.example or "…").split()).replace("`", "'").replace("'", "")
    yield "## Run it"
    yield "```sh"
    yield f"hub run hf:{repository} '{example}'"
    yield "```"
    steps = material.lineage.get("steps")
    if isinstance(steps, list) and steps:
        yield "## How it was made"
        yield "| step | by | from |"
        yield "|---|---|---|"
        for step in steps:
            if isinstance(step, dict):
                by = f"{step.get('plugin', '?')} {step.get('version', '')}".strip()
                parent = str(step.get("parent", "")).removeprefix("sha256:")[:12]
                yield f"| `{_cell(step.get('recipe'))}` | `{_cell(by)}` | `{_cell(parent)}` |"
        yield from _figures(steps[-1])
    yield "## Files"
    yield from (_files(variant) for variant in material.target.variants())


def _figures(step: JSON) -> Iterator[str]:
    figures = step.get("figures") if isinstance(step, dict) else None
    if not isinstance(figures, dict) or not figures:
        return
    yield "## What was measured"
    yield "Against its origin, on the same inputs; ratios above 1 are better."
    yield ""
    yield "| on | loss | fidelity | size | load | memory |"
    yield "|---|---|---|---|---|---|"
    for way, found in figures.items():
        if not isinstance(found, dict):
            continue
        ratios, fidelity = _mapping(found.get("ratios")), _mapping(_mapping(found.get("fidelity")).get("figures"))
        told = ", ".join(f"{name} {_number(value)}" for name, value in fidelity.items())
        costs = " | ".join(f"{_number(ratios.get(name))} ×" for name in ("size", "load", "memory"))
        yield f"| `{_cell(way)}` | {_number(found.get('loss'))} | {_cell(told)} | {costs} |"


def _files(variant: Variant) -> str:
    weights = ", ".join(f"`{_cell(file.path)}`" for file in variant.files[:12])
    return f"- `{_cell(variant.name)}` ({_cell(variant.format)}): {weights}"


def _mapping(value: object) -> Mapping[str, Any]:  # Any: JSON
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "?"


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "¦").replace("`", "'").split())
