"""Reads the metadata at the head of a README, which comes from strangers.

Only plain YAML is taken: no tags that make objects, no aliases that swell, no cycles. Knows nothing of repositories.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

__all__ = ["CardFault", "body", "metadata", "tags_of"]

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

_HEAD = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(.*?)(?:\r?\n|\A)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LARGEST = 2**20
_NODES = 100_000
_DEPTH = 50

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CardFault(Exception):
    """Why metadata cannot be read."""


def body(text: str) -> str:
    """A README without its metadata."""
    return _HEAD.sub("", text, count=1)


def metadata(text: str) -> dict[str, JSON]:
    """Metadata of a README; empty where it has none.

    Raises
    ------
    CardFault
        It is no YAML, no mapping, or it would make more than text, numbers, lists and mappings.
    """
    found = _HEAD.match(text)
    if found is None:
        return {}
    if len(found[1]) > _LARGEST:
        raise CardFault(f"the metadata is larger than {_LARGEST} characters")
    loader = _Loader(found[1])
    try:
        node = loader.get_single_node()
        if node is None:
            return {}
        _measure(node)
        value = loader.construct_document(node)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise CardFault(f"the metadata is no plain YAML: {' '.join(str(error).split())[:300]}") from error
    finally:
        loader.dispose()
    if not isinstance(value, dict):
        raise CardFault("the metadata is no mapping")
    plain = _plain(value)
    assert isinstance(plain, dict)
    return plain


def tags_of(card: Mapping[str, JSON]) -> list[str]:
    """Tags that the Hub makes of metadata: its own, and those of library, licence, languages, data sets."""
    found = [
        *_texts(card.get("tags")),
        *_texts(card.get("library_name")),
        *_texts(card.get("pipeline_tag")),
        *_texts(card.get("language")),
        *(f"license:{name}" for name in _texts(card.get("license"))),
        *(f"dataset:{name}" for name in _texts(card.get("datasets"))),
        *(f"base_model:{name}" for name in _texts(card.get("base_model"))),
        *(f"task_categories:{name}" for name in _texts(card.get("task_categories"))),
        *(f"size_categories:{name}" for name in _texts(card.get("size_categories"))),
    ]
    return list(dict.fromkeys(found))


def _texts(value: JSON) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value if isinstance(each, str | int | float)]
    return [str(value)] if isinstance(value, str | int | float) and not isinstance(value, bool) else []


def _measure(root: yaml.Node) -> None:
    """Refuse what aliases would make of it: cycles, and more nodes than anybody writes."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_ or depth > _DEPTH:
            raise ValueError("it holds itself, or is nested too deeply")
        open_.add(id(node))
        total = 1
        if isinstance(node, yaml.SequenceNode):
            total += sum(size(child, depth + 1) for child in node.value)
        elif isinstance(node, yaml.MappingNode):
            total += sum(size(child, depth + 1) for pair in node.value for child in pair)
        open_.discard(id(node))
        sizes[id(node)] = total
        if total > _NODES:
            raise ValueError("its aliases make too much of it")
        return total

    size(root, 0)


def _plain(value: object) -> JSON:
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
