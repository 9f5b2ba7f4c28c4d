"""What can be told of fastText weights before they are here. Facts alone."""

from __future__ import annotations

from collections.abc import Mapping

from hub.types import Estimate, Facts, OptionValue

__all__ = ["accepts", "memory"]

_RUNTIME = 20_000_000  # the library and the names of labels, as measured


def accepts(facts: Facts, verb: str) -> str | None:  # noqa: ARG001 - as the contract calls it
    """Why the weights cannot be opened, or `None`."""
    for paths in facts.parts.values():
        found = [path for path in paths if path.endswith((".ftz", ".bin"))]
        if paths and len(found) != 1:
            return f"a fastText model is one file that ends in .ftz, and there are {len(found)}"
    return None


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:  # noqa: ARG001 - as above
    """Weights are held as they lie on the disk, and the dictionary once more as a table of hashes."""
    return Estimate(weights=facts.size, working=facts.size + _RUNTIME)
