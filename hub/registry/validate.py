"""The whole check of a registry: its types, then the rules between them, every fault in one report.

For registries that are added, refreshed, reviewed or built; `hub search` trusts what was checked then.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.errors import SchemaError
from hub.registry import rules, structure
from hub.registry.decode import parse
from hub.registry.schema import Registry

__all__ = ["validate"]


def validate(content: bytes, *, name: str, schemes: Iterable[str] | None = None, local: bool = True) -> Registry:
    """Check a registry and return it.

    Parameters
    ----------
    name
        What messages call it: a path or an address.
    schemes, local
        As in `hub.registry.rules.faults`.

    Raises
    ------
    RegistryError
        It is not JSON, or of a schema that this version does not know.
    SchemaError
        `details` has every fault with its JSON path.
    """
    value = parse(content, name=name)
    try:
        registry = msgspec.convert(value, Registry)  # one pass where all is well; the long way names every fault
    except (msgspec.ValidationError, RecursionError) as error:
        found = structure.faults(value) or [str(error)]
    else:
        found = rules.faults(registry, schemes=schemes, local=local)
        if not found:
            return registry
    count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
    raise SchemaError(f"registry {name} has {count}", details=found)
