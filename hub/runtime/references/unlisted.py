"""Tells what a folder or repository that no registry lists holds: its formats, and the files of each variant.

Picks weights that load without running code, and the small files beside them. Never picks pickles or programs.
Knows nothing of where the files are, of tasks, or of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from hub.errors import PlanError, PolicyError
from hub.plugin.specs import FormatSpec
from hub.registry.rules import path_fault
from hub.registry.schema import File, Variant
from hub.types import WeightFile

__all__ = ["GGUF_PREFERENCE", "beside", "find_variants", "matches"]

GGUF_PREFERENCE = ("q4_k_m", "q4_k_s", "q5_k_m", "q4_1", "q4_0", "q5_k_s", "q6_k", "q8_0", "bf16", "f16", "f32")
"""Which of several GGUF files is taken when none is named: the first of these that is there, then the smallest."""

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".mar")
_BINARY = ".bin"
_ASSETS = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".vocab", ".yaml", ".yml")
_ASSET_DEPTH = 2
_ASSET_LARGEST = 100_000_000
_QUANTIZATION = re.compile(
    r"(?:^|[-._])((?:i?q\d+(?:_[0-9a-z]+)*|tq\d_\d|bf16|f16|f32|fp16|fp32|mxfp4(?:_moe)?))(?=[-.]|$)", re.IGNORECASE
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def find_variants(files: Iterable[WeightFile], formats: Mapping[str, FormatSpec], *, where: str) -> tuple[Variant, ...]:
    """Variants of a folder or repository, in the order of preference.

    Formats come in the order of `formats`; a GGUF or ONNX file is a variant each (shards and external data with
    their first file).

    Raises
    ------
    PolicyError
        All weights that are there are pickles.
    PlanError
        There are no weights of a known format.
    """
    formats = {name: spec for name, spec in formats.items() if not spec.unsafe}
    usable = [file for file in files if not path_fault(file.path) and not _hidden(file.path)]
    safe = [file for file in usable if not file.path.lower().endswith((".py", *_PICKLES))]
    weights = [glob for spec in formats.values() for glob in spec.weights]
    assets = [file for file in safe if _is_asset(file) and not matches(file.path, weights)]
    variants: list[Variant] = []
    for spec in formats.values():
        its = [*safe, *_own_binaries(spec, usable)]
        if all(any(matches(file.path, (glob,)) for file in its) for glob in spec.match):
            variants += _variants_of(spec, its, assets)
    if not variants:
        _refuse(usable, formats, where)
    return tuple(_with_own_names(variants))


def beside(files: Iterable[WeightFile], name: str) -> tuple[WeightFile, ...]:
    """Of the files in a folder: the weight file that was named, its shards and external data, and the assets.

    A GGUF file needs no assets, and what lies beside it may belong to another model.
    """
    alone = name.lower().endswith(".gguf")
    return tuple(
        file
        for file in files
        if _series(file.path) == _series(name)
        or file.path.startswith((f"{name}_data", f"{name}.data"))
        or (file.path.endswith(_BINARY) and _stem(file.path) == _stem(name))
        or (not alone and _is_asset(file))
    )


def _series(path: str) -> tuple[str, str]:
    """Name without the number of a shard, and suffix: equal for all shards of one file."""
    pure = PurePosixPath(path)
    return _SHARD.sub("", pure.stem), pure.suffix.lower()


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether the last part of a path, or all of it where the pattern has a `/`, is like one of the patterns."""
    name = PurePosixPath(path).name
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def _variants_of(spec: FormatSpec, files: list[WeightFile], assets: list[WeightFile]) -> list[Variant]:
    weights = [file for file in files if matches(file.path, spec.weights)]
    if spec.id == "gguf":
        return _gguf(weights, [file for file in assets if file.path == "config.json"])
    if spec.id == "onnx":
        return _onnx(weights, assets)
    if spec.id == "safetensors":
        weights = _safetensors(weights)
    return [_variant(spec.id, spec.id, weights, assets)] if weights else []


def _own_binaries(spec: FormatSpec, files: list[WeightFile]) -> list[WeightFile]:
    """The `.bin` files that are no pickles but weights of a format of its own.

    A format has such files if it names them in full (`model.bin`), or if each lies beside weights of the same name
    (`model.xml` and `model.bin`). What opens the format reads them as bytes, and never as pickles.
    """
    weights = [file for file in files if matches(file.path, spec.weights)]
    stems = {_stem(file.path) for file in weights if not file.path.lower().endswith(_PICKLES)}
    return [
        file
        for file in weights
        if file.path.endswith(_BINARY) and (PurePosixPath(file.path).name in spec.weights or _stem(file.path) in stems)
    ]


def _stem(path: str) -> str:
    return PurePosixPath(path).with_suffix("").as_posix()


def _safetensors(weights: list[WeightFile]) -> list[WeightFile]:
    """Weights in the top folder; where some are named `model…`, only those: others are the same in other layouts."""
    top = [file for file in weights if "/" not in file.path]
    named = [file for file in top if file.path.startswith("model")]
    chosen = named or top
    whole = [file for file in chosen if file.path == "model.safetensors"]
    return whole or [file for file in chosen if "adapter" not in file.path]


def _gguf(weights: list[WeightFile], assets: list[WeightFile]) -> list[Variant]:
    groups: dict[str, list[WeightFile]] = {}
    for file in weights:
        stem = PurePosixPath(file.path).with_suffix("").as_posix()
        if not PurePosixPath(stem).name.lower().startswith("mmproj"):
            groups.setdefault(_SHARD.sub("", stem), []).append(file)
    variants = []
    for stem, group in groups.items():
        found = _QUANTIZATION.findall(PurePosixPath(stem).name)
        precision = found[-1].lower() if found else ""
        name = precision or ("gguf" if len(groups) == 1 else _clean(PurePosixPath(stem).name))
        variants.append(_variant(name, "gguf", group, assets, precision=precision))
    return sorted(variants, key=_gguf_order)


def _gguf_order(variant: Variant) -> tuple[int, int, str]:
    known = variant.precision in GGUF_PREFERENCE
    return (GGUF_PREFERENCE.index(variant.precision) if known else len(GGUF_PREFERENCE), variant.size, variant.name)


def _onnx(weights: list[WeightFile], assets: list[WeightFile]) -> list[Variant]:
    graphs = sorted((file for file in weights if file.path.endswith(".onnx")), key=_onnx_order)
    variants = []
    for graph in graphs:
        data = [file for file in weights if file.path.startswith((f"{graph.path}_data", f"{graph.path}.data"))]
        stem = PurePosixPath(graph.path).stem
        suffix = re.sub(r"^model(?=$|[-_.])[-_.]?", "", stem)
        name = "onnx" if not suffix or len(graphs) == 1 else f"onnx-{_clean(suffix)}"
        kind = re.search(r"(?:^|[-_.])(fp16|fp32|u?int8|q4f16|q4|q8|bnb4)$", stem, re.IGNORECASE)
        variants.append(_variant(name, "onnx", [graph, *data], assets, precision=kind[1].lower() if kind else ""))
    return variants


def _onnx_order(file: WeightFile) -> tuple[bool, str]:
    return (PurePosixPath(file.path).name != "model.onnx", file.path)


def _variant(
    name: str, kind: str, weights: list[WeightFile], assets: list[WeightFile], *, precision: str = ""
) -> Variant:
    files = sorted({file.path: file for file in (*weights, *assets)}.values(), key=lambda file: file.path)
    return Variant(name=name, format=kind, precision=precision, files=tuple(_file(file) for file in files))


def _file(file: WeightFile) -> File:
    return File(path=file.path, size=file.size or 0, sha256=file.sha256 or "", sources=file.sources, part=file.part)


def _with_own_names(variants: list[Variant]) -> list[Variant]:
    """Same variants, where two have one name the later ones are numbered."""
    import msgspec

    taken: set[str] = set()
    renamed = []
    for variant in variants:
        number, name = 2, variant.name
        while name in taken:
            number, name = number + 1, f"{variant.name}-{number}"
        taken.add(name)
        renamed.append(msgspec.structs.replace(variant, name=name))
    return renamed


def _is_asset(file: WeightFile) -> bool:
    return (
        file.path.lower().endswith(_ASSETS)
        and not file.path.endswith(".bin.index.json")
        and file.path.count("/") < _ASSET_DEPTH
        and (file.size or 0) <= _ASSET_LARGEST
    )


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _clean(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "other"


def _refuse(files: list[WeightFile], formats: Mapping[str, FormatSpec], where: str) -> None:
    pickles = [file.path for file in files if file.path.lower().endswith(_PICKLES)]
    if pickles:
        more = f" and {len(pickles) - 1} more" if len(pickles) > 1 else ""
        raise PolicyError(
            f"{where} has its weights as pickle alone ({pickles[0]}{more}), and loading a pickle runs what is in it",
            hint="Use a repository that has them as safetensors, GGUF or ONNX (many have a pull request with a "
            "conversion: hf:org/repo@refs/pr/N), or convert them on a machine where you trust them.",
        )
    known = ", ".join(f"{spec.id} ({' + '.join(spec.match)})" for spec in formats.values())
    raise PlanError(
        f"{where} has no weights of a known format; known: {known}",
        details=[file.path for file in files[:10]],
        hint="A plugin can bring another format. See: hub plugin list",
    )
