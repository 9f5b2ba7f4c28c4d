"""The card of a model: the metadata at the head of its README, read as plain YAML and written in the standard fields.

Fields: https://huggingface.co/docs/hub/model-cards#model-card-metadata. Cards come from strangers: tags that make
objects and aliases are refused. Knows nothing of repositories.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from hub.errors import InputError, UsageError
from hub.types import JSON

__all__ = ["Card", "checked_licence", "hub_licence", "read_card", "spdx_licence", "texts"]

_HEAD = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(.*?)(?:\r?\n|\A)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LARGEST = 2**18
_ORDER = (
    "license",
    "license_name",
    "license_link",
    "base_model",
    "base_model_relation",
    "pipeline_tag",
    "library_name",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """Metadata and text of a README."""

    metadata: Mapping[str, JSON] = field(default_factory=dict)
    body: str = ""

    def text(self) -> str:
        """The README."""
        known = {name: self.metadata[name] for name in _ORDER if name in self.metadata}
        head = yaml.safe_dump({**known, **self.metadata}, sort_keys=False, allow_unicode=True, width=1000)
        return f"---\n{head}---\n{self.body}"


def read_card(text: str) -> Card:
    """Read a README.

    Raises
    ------
    InputError
        Its metadata is no plain YAML mapping, or it would make objects or swell.
    """
    found = _HEAD.match(text)
    if found is None:
        return Card(body=text)
    if len(found[1]) > _LARGEST:
        raise InputError(f"the card's metadata is larger than {_LARGEST} characters")
    try:
        if any(isinstance(event, yaml.events.AliasEvent) for event in yaml.parse(found[1], Loader=yaml.SafeLoader)):
            raise InputError("the card's metadata has aliases, which can swell", hint="Write the values out.")
        value = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"the card's metadata is no plain YAML: {said}") from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise InputError("the card's metadata is no mapping of names to values")
    return Card(metadata={str(name): _plain(each) for name, each in value.items()}, body=text[found.end() :])


def texts(value: object) -> list[str]:
    """A field that is a text or a list of them."""
    if isinstance(value, list):
        return [str(each) for each in value if isinstance(each, str)]
    return [value] if isinstance(value, str) else []


def spdx_licence(metadata: Mapping[str, JSON]) -> str:
    """Licence of a card as an SPDX expression; empty where it names none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    named = texts(metadata.get("license"))
    if not named:
        return ""
    name = next(iter(texts(metadata.get("license_name"))), named[0]) if named[0] == "other" else " OR ".join(named)
    try:
        return str(canonicalize_license_expression(name))
    except InvalidLicenseExpression:
        own = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")
        return f"LicenseRef-{own}" if own else ""


def checked_licence(text: str) -> str:
    """An SPDX expression that a person wrote, in its canonical spelling.

    Raises
    ------
    UsageError
        SPDX does not know it.
    """
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression as error:
        raise UsageError(
            f"'{text}' is no SPDX licence expression",
            hint="See https://spdx.org/licenses/; for any other licence write LicenseRef-Name.",
        ) from error


def hub_licence(expression: str) -> dict[str, JSON]:
    """Fields of a card that say an SPDX licence as the Hugging Face Hub does."""
    if re.fullmatch(r"[A-Za-z0-9.+-]+", expression) and not expression.startswith("LicenseRef-"):
        return {"license": expression.lower()}
    return {"license": "other", "license_name": expression.removeprefix("LicenseRef-")}


def _plain(value: Any) -> JSON:  # Any: what YAML gives
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
