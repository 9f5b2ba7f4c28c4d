"""The frozen specs that plugins return from hooks. Standard library alone.

Every `target`, `probe`, `accepts`, `memory`, `predict`, `claims`, `samples`, `read`, `write`, `describe`, `draw` and
`fidelity`, and each of `architectures`, is a `"module:attribute"` string, so that a plugin can say what it gives
without importing the library that does it.
Dataclasses do not validate: the host does (`hub.plugin.validate`), and says which plugin, which spec, which field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.types import Option, WeightFile

__all__ = ["BackendSpec", "FormatSpec", "KindSpec", "LoadStep", "ModelSpec", "SourceSpec", "TaskSpec", "TransformSpec"]


@dataclass(frozen=True, kw_only=True, slots=True)
class KindSpec:
    """A kind: what goes into a task or comes out of it, with its one Python type, its files and its wire form.

    Parameters
    ----------
    id
        The word in `TaskSpec.inputs` and `outputs`: `image`, `audio`.
    media
        Media type of its wire form, in which it goes through pipes and over HTTP: `image/png`.
    suffixes
        Endings of the files that it writes and reads, with the dot, that of the wire form first.
    read
        `(given: object) -> value` of the kind's Python type. `given` is what a person has: a path (`Path`, or `str`),
        bytes, a binary stream, or an object of a common library (an array, a PIL image, a pair of samples and rate);
        a value of the kind is given back as it is. Raises `InputError` with the thing and the reason. Without it, what
        is given reaches the model as it is.
    write
        `(value, suffix: str) -> bytes` in the form of that ending.
    describe
        `(value) -> JSON`: what is shown of it where it cannot stand itself: width and height, duration and rate.
    """

    id: str
    media: str
    suffixes: tuple[str, ...]
    read: str | None = None
    write: str | None = None
    describe: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec:
    """A task: what goes in and comes out.

    Parameters
    ----------
    id
        Hugging Face task name.
    inputs, outputs
        Ids of kinds, best first: `text`, `messages`, `vector`, `labels`, `boxes`, `segments`, `json`, `file`, `image`,
        `audio`, …. An input is read by the first that takes it.
    samples
        `() -> list` of inputs that the task can be tried on; they feed checks and export.
    data
        Files of a public data set, with hashes and sources like weights; calibration and measures use it where the
        person names no file.
    labelled
        `(paths: tuple[Path, ...]) -> list` of `(input, right answer)`, the answer as a text: what measures are taken on
        where the person names no file. `paths` are the files of `data`; no transform learns from what it gives. One
        that brings all that it needs is `() -> list`: `data` is then not fetched for it.
    read
        `(paths: tuple[Path, ...]) -> list` of inputs: reads such files, and those of the person. Without it, each
        line of a text file is an input.
    fidelity
        `() -> Fidelity` (`hub.runtime.protocols`): compares answers of a changed model with those of its origin.
    draw
        `(value, answer) -> value`: draws an answer on the input that it belongs to; the result is of the input's kind.
    """

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    summary: str = ""
    samples: str | None = None
    data: tuple[WeightFile, ...] = ()
    labelled: str | None = None
    read: str | None = None
    fidelity: str | None = None
    draw: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatSpec:
    """A format of weights.

    Parameters
    ----------
    match
        Glob patterns; a folder or repository that holds a file for each of them is of this format.
    weights
        Glob patterns of the files that are its weights; the other files are assets.
    unsafe
        Whether its files can carry code, as a pickle does. Such weights are opened only if a registry's entry declares
        this format and the person allows it, and whoever opens them does so with a reader that refuses code.
    """

    id: str
    match: tuple[str, ...]
    weights: tuple[str, ...]
    unsafe: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadStep:
    """A step of a recipe that a backend does while it opens, so that it needs no artifact.

    Parameters
    ----------
    step
        The word in a recipe.
    lossy
        Whether the answers change by more than rounding.
    verbs
        Verbs for which it can; all of the backend's if empty.
    accepts
        `(facts: Facts, options: Mapping) -> str | None`: why it cannot be done to these weights here, or `None`.
        From facts and the step's options alone.
    """

    step: str
    lossy: bool = True
    options: tuple[Option, ...] = ()
    verbs: tuple[str, ...] = ()
    accepts: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendSpec:
    """A runtime that opens weights.

    Parameters
    ----------
    formats, verbs, devices
        What it can open, how it can answer (`run`, `generate`, `chat`, `embed`), and on what; best device first.
    target
        `(request: OpenRequest) -> Session`.
    options
        Load options (threads, context length, …).
    load_steps
        Ends of a recipe that it does while it opens; they reach the target in `OpenRequest.load_steps`, and
        `memory` in its options under the step's name.
    frameworks
        Frameworks whose modules it computes with (`torch`): a model plugin may bring an architecture for one of them,
        which reaches the target in `OpenRequest.architecture`.
    exact
        Load options, as text, with which it rounds least (`{"dtype": "float32"}`): converters are checked so, and feeds
        recorded.
    env
        Environment variables that must be set before the library loads; what the user set is kept.
    accepts
        `(facts: Facts, verb: str) -> str | None`: why it cannot open these weights, or `None`. From facts alone.
    memory
        `(facts: Facts, options: Mapping) -> Estimate`. From facts and load options alone.
    probe
        `() -> Probe`: what of this machine it can use. May import the library; raises where it cannot run.
    """

    id: str
    formats: tuple[str, ...]
    verbs: tuple[str, ...]
    target: str
    devices: tuple[str, ...] = ("cpu",)
    options: tuple[Option, ...] = ()
    load_steps: tuple[LoadStep, ...] = ()
    frameworks: tuple[str, ...] = ()
    exact: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    accepts: str | None = None
    memory: str | None = None
    probe: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """A model plugin: it turns a task's input into what a verb takes, and what comes back into the answer.

    Parameters
    ----------
    families
        `model_type` names that it knows; `("*",)` where the verb makes the family irrelevant.
    verbs
        The verbs that it can work with, best first.
    target
        `(parts, verb, assets, facts) -> Model`.
    needs
        Verb to the glob patterns of files that must be there (`{"run": ("tokenizer.json",)}`).
    options
        Call options (max_tokens, normalize, …).
    architectures
        Framework to what builds the model in it, `(facts: Facts, part: str) -> module`, for weights that do not say how
        to compute. The module takes the names and shapes of the file's tensors.
    claims
        `(files: tuple[str, ...], config: Mapping) -> bool`: whether an unlisted repository is one of this family.
        `files` are paths, `config` is the parsed `config.json` (empty where there is none).
    """

    id: str
    task: str
    families: tuple[str, ...]
    verbs: tuple[str, ...]
    target: str
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    architectures: Mapping[str, str] = field(default_factory=dict)
    claims: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TransformSpec:
    """Artifact to artifact: a converter (`lossy=False`) or a compression.

    Parameters
    ----------
    id
        Unique name of the implementation, such as `onnx-int8-dynamic`.
    step
        The word in a recipe that asks for it; several transforms may answer to one step.
    takes, gives
        Formats; `gives=None` keeps the format.
    target
        `(request: TransformRequest) -> None`: writes the new files into `request.out`, or raises `NothingToDo`; where
        other parts have something to do, that one stays as it is.
    options
        One of type `Path` names a file, whose content is part of the artifact's key. One named `data` is read by the
        core and reaches the target as `request.inputs`.
    revision
        Raise it when the output changes for the same input: it is part of the artifact's key.
    origin
        Whether the target uses `request.origin`: what the recipe began with is then part of the artifact's key.
    tolerance
        Of a converter: how far its output's tensors may be from its input's, relative to their largest value.
    frameworks
        As of a `BackendSpec`; it reaches the target in `TransformRequest.architecture`.
    predict
        `(facts: Facts, options: Mapping) -> Facts | str`: what would come out, or why it cannot be applied.
    """

    id: str
    step: str
    takes: tuple[str, ...]
    target: str
    gives: str | None = None
    lossy: bool = True
    options: tuple[Option, ...] = ()
    revision: int = 1
    origin: bool = False
    tolerance: float = 1e-3
    frameworks: tuple[str, ...] = ()
    predict: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSpec:
    """Where bytes come from.

    Parameters
    ----------
    id
        The scheme, without the colon.
    target
        `(context: SourceContext) -> Source`, once for each pull.
    """

    id: str
    target: str
    summary: str = ""
