"""What a compression will give, and why it cannot be applied, from facts alone.

Weights are counted from the config where it tells sizes: matrices of layers, tables of embeddings. Reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from hub.types import Facts

__all__ = ["Count", "bytes_per_weight", "count", "graph_of", "shrunk", "weights_of"]

_F32 = 4.0
_LEAST_GAIN = 0.95  # what would not become a twentieth smaller is refused
_PLAIN = frozenset(
    {"albert", "bert", "camembert", "distilbert", "electra", "gpt2", "mpnet", "roberta", "vit", "xlm-roberta"}
)
"""Families whose feed-forward block has two matrices; the others have a third, the gate."""


@dataclass(frozen=True, slots=True)
class Count:
    """Weights of a transformer: `linear` in matrices that are multiplied with, `tables` that are looked up in."""

    linear: int
    tables: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.linear + self.tables


def count(facts: Facts) -> Count | None:
    """Weights by kind, to about a hundredth; `None` where the config does not tell sizes."""
    width, layers, words = (_number(facts, key) for key in ("hidden_size", "num_hidden_layers", "vocab_size"))
    if not width or not layers:
        return None
    heads = _number(facts, "num_attention_heads") or 1
    size = _number(facts, "head_dim") or width // heads
    groups = _number(facts, "num_key_value_heads") or heads
    attention = 2 * width * size * (heads + groups)
    inner = _number(facts, "intermediate_size") or 4 * width
    forward = (2 if facts.family in _PLAIN else 3) * width * inner
    positions = _number(facts, "max_position_embeddings") if facts.family in _PLAIN else 0
    head = words * width if facts.config.get("tie_word_embeddings") is False else 0
    return Count(linear=layers * (attention + forward) + head, tables=(words + positions) * width)


def weights_of(facts: Facts) -> int:
    """Bytes of the weight files; of all files where no part names them."""
    named = {path for paths in facts.parts.values() for path in paths}
    return sum(file.size or 0 for file in facts.files if file.path in named) or facts.size


def bytes_per_weight(facts: Facts) -> float:
    """What a weight takes now: counted where the config allows it, else that of float32."""
    counted = count(facts)
    return weights_of(facts) / counted.total if counted else _F32


def shrunk(facts: Facts, *, linear: float, tables: float | None, bits: int) -> Facts | str:
    """Facts after weights take so many bytes each, or why that would be nothing gained.

    Parameters
    ----------
    linear, tables
        Bytes of a weight afterwards, scales included; `None` for tables that stay.
    bits
        As the refusal calls it.
    """
    counted, now = count(facts) or Count(linear=weights_of(facts) // 4, tables=0), weights_of(facts)
    before = bytes_per_weight(facts)
    after = round(counted.linear * linear + counted.tables * (before if tables is None else tables))
    if after > now * _LEAST_GAIN:
        return (
            f"these weights take {before:.1f} bytes each, and {bits} bits would not make them smaller: "
            "it needs weights of more bits, such as a variant in fp32 or bf16"
        )
    return replace(facts, size=facts.size - now + after)


def graph_of(paths: Sequence[str], suffix: str) -> str:
    """The one file that is the graph; the others hold its tensors and lie beside it.

    Raises
    ------
    ValueError
        There is none, or which one is meant cannot be told.
    """
    graphs = sorted(path for path in paths if path.endswith(suffix))
    if len(graphs) > 1:
        graphs = [path for path in graphs if PurePosixPath(path).stem in {"model", "openvino_model"}] or graphs
    if len(graphs) != 1:
        found = f"there are several graphs: {', '.join(graphs)}" if graphs else f"there is no {suffix} file"
        raise ValueError(found)
    return graphs[0]


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0
