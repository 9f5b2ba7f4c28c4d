"""Makes a registry entry of what a reference names: its files as they are served, and what its card and config say.

What is not given and not told by the card is asked for by an error that names every field at once. Knows nothing of
where the entry goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.errors import UsageError
from hub.publish.card import Card, spdx_licence, texts
from hub.registry.editing import Entry, builtin
from hub.registry.names import key
from hub.registry.schema import File, Model, Variant
from hub.runtime.references.target import Target
from hub.types import JSON

__all__ = ["SIZING", "Given", "listed_variants", "make_entry"]

SIZING = [
    "model_type",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "hidden_size",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    "vocab_size",
    "num_labels",
    "is_decoder",
    "is_encoder_decoder",
    "rope_theta",
    "tie_word_embeddings",
    "encoder_layers",
    "decoder_layers",
    "d_model",
    "num_mel_bins",
    "image_size",
    "patch_size",
]
"""Fields of a `config.json` that size a model or say how it computes."""

_TAGS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What the person says of an entry; what is empty is taken from the card, the config, or left out."""

    id: str = ""
    aliases: tuple[str, ...] = ()
    task: str = ""
    license: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    example: str = ""
    owners: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    variant: str = ""
    precision: str = ""
    steps: tuple[str, ...] = ()
    links: Mapping[str, str] | None = None


def make_entry(target: Target, files: Mapping[str, Sequence[File]], card: Card, given: Given) -> Entry:
    """An entry as it stands in a registry.

    Parameters
    ----------
    files
        Each variant's files by its name, with size, hash and sources.

    Raises
    ------
    UsageError
        What an entry needs is neither given nor told; `details` names each field with its option.
    """
    told = card.metadata
    task = given.task or next(iter(texts(told.get("pipeline_tag"))), "") or target.model.task
    license_ = given.license or spdx_licence(told)
    summary = given.summary or _summary(card)
    missing = [
        f"{name}: --{name}"
        for name, value in (("task", task), ("license", license_), ("summary", summary))
        if not value
    ]
    if missing:
        raise UsageError("neither the card nor you say what an entry needs", details=missing)
    config = {name: target.model.config[name] for name in SIZING if _is_plain(target.model.config.get(name))}
    model = Model(
        id=given.id or target.model.id,
        aliases=given.aliases,
        task=task,
        license=license_,
        summary=summary,
        tags=given.tags or _tags(told),
        family=target.model.family,
        context_length=target.model.context_length,
        config=config,
        links=dict(given.links or {}),
        example=given.example,
        owners=given.owners,
        variants=listed_variants(target, files, given),
    )
    return _without_empty(builtin(model))


def listed_variants(target: Target, files: Mapping[str, Sequence[File]], given: Given) -> tuple[Variant, ...]:
    """Variants of the entry: those of the target, with files that anybody can have."""
    found = [
        msgspec.structs.replace(
            variant,
            name=(given.variant or variant.name) if len(files) == 1 else variant.name,
            precision=given.precision or variant.precision,
            steps=given.steps or variant.steps,
            requires=given.requires or variant.requires,
            files=tuple(files[variant.name]),
        )
        for variant in target.variants()
        if variant.name in files
    ]
    return tuple(found)


def _summary(card: Card) -> str:
    """The first sentence of the README's text, where it is short enough to be one."""
    for line in card.body.splitlines():
        text = line.strip()
        if text and text[0].isalnum() and len(text) <= 500:
            return text.partition(". ")[0].rstrip(".") + "."
    return ""


def _tags(metadata: Mapping[str, JSON]) -> tuple[str, ...]:
    found = [*texts(metadata.get("tags")), *texts(metadata.get("language"))]
    known = {key(str(metadata.get("pipeline_tag", "")))}
    return tuple(dict.fromkeys(tag for tag in found if 0 < len(tag) <= 64 and key(tag) not in known))[:_TAGS]


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _without_empty(entry: dict[str, Any]) -> Entry:  # Any: JSON
    return {name: value for name, value in entry.items() if value not in ("", [], {}, None)}
