"""Which architecture families the installed transformers knows, read from its source and without importing it.

Importing the tables would import torch, which takes seconds, and a plan asks before anything is downloaded. What cannot
be read is not known, and nothing is refused for it.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["families"]


@cache
def families(table: str) -> frozenset[str] | None:
    """`model_type` names of a table (`FOR_CAUSAL_LM`; empty for base models), or `None` where it cannot be read."""
    return _tables().get(f"MODEL_{table}_MAPPING_NAMES".replace("__", "_"))


@cache
def _tables() -> dict[str, frozenset[str]]:
    found = find_spec("transformers")
    if found is None or not found.submodule_search_locations:
        return {}
    path = Path(next(iter(found.submodule_search_locations))) / "models" / "auto" / "modeling_auto.py"
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return {}
    tables: dict[str, frozenset[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            keys = _keys(node.value)
            if keys:
                tables[node.targets[0].id] = keys
    return tables


def _keys(value: ast.expr) -> frozenset[str]:
    """First entries of the pairs in `OrderedDict([(key, name), …])`."""
    if not (isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.List)):
        return frozenset()
    pairs = (item.elts[0] for item in value.args[0].elts if isinstance(item, ast.Tuple) and item.elts)
    return frozenset(key.value for key in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str))
