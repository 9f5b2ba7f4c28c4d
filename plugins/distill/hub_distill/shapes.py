"""What a Hugging Face `config.json` calls the numbers that a student may have fewer of. Standard library alone.

Knows nothing of weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.types import JSON

__all__ = ["evenly", "inner_of", "layers_of", "made_smaller", "number"]

_LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers")
_INNER = ("intermediate_size", "ffn_dim", "hidden_dim", "n_inner")
_LEAST_INNER = 8  # channels, so that matrix units are filled


def number(config: Mapping[str, JSON], name: str) -> int:
    """A positive integer of the config, else 0."""
    value = config.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def layers_of(config: Mapping[str, JSON]) -> tuple[str, int]:
    """How the config calls the number of layers, and the number; `("", 0)` where it does not say."""
    return _first(config, _LAYERS)


def inner_of(config: Mapping[str, JSON]) -> tuple[str, int]:
    """How the config calls the channels of a feed-forward block, and the number; `("", 0)` where it does not say."""
    return _first(config, _INNER)


def evenly(kept: int, layers: int) -> tuple[int, ...]:
    """Which layers a student of `kept` takes over, from 0: the first and the last, and others evenly between.

    One alone is the last. The layers near the answer weigh most: see Sun et al. 2019 (arXiv:1908.09355), Sanh et al.
    2019 (arXiv:1910.01108).
    """
    if kept == 1:
        return (layers - 1,)
    return tuple(place * (layers - 1) // (kept - 1) for place in range(kept))


def made_smaller(config: Mapping[str, Any], kept: tuple[int, ...], width: float | None) -> dict[str, Any]:
    """The config with these layers alone and `width` of the feed-forward channels.

    Lists with an entry for each layer keep those of the layers that stay.
    """
    name, layers = layers_of(config)
    changed = {
        key: [value[place] for place in kept] if isinstance(value, list) and len(value) == layers else value
        for key, value in config.items()
    }
    changed[name] = len(kept)
    if width is not None:
        inner, channels = inner_of(config)
        changed[inner] = narrowed(channels, width)
    return changed


def narrowed(channels: int, width: float) -> int:
    """A share of channels, in steps of eight."""
    return min(channels, max(_LEAST_INNER, round(channels * width / _LEAST_INNER) * _LEAST_INNER))


def _first(config: Mapping[str, JSON], names: tuple[str, ...]) -> tuple[str, int]:
    return next(((name, found) for name in names if (found := number(config, name))), ("", 0))
