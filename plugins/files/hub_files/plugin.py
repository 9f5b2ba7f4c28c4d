"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import BackendSpec, FormatSpec, ModelSpec, Option, TaskSpec, hookimpl

__all__ = ["hub_backends", "hub_formats", "hub_models", "hub_tasks"]


@hookimpl
def hub_tasks() -> list[TaskSpec]:
    """Give the tasks that say what something is."""
    return [
        TaskSpec(
            id="file-type",
            inputs=("file",),
            outputs=("labels",),
            samples="hub_files.samples:files",
            labelled="hub_files.samples:typed_files",
            fidelity="hub.runtime.fidelity:Labels",
            summary="Tell what is in files by their content, whatever they are called.",
        ),
        TaskSpec(
            id="language-identification",
            inputs=("text",),
            outputs=("labels",),
            samples="hub_files.samples:texts",
            labelled="hub_files.samples:texts_in_languages",
            fidelity="hub.runtime.fidelity:Labels",
            summary="Tell the language that texts are written in.",
        ),
    ]


@hookimpl
def hub_formats() -> list[FormatSpec]:
    """Give the format of fastText, compressed."""
    return [
        FormatSpec(id="fasttext", match=("*.ftz",), weights=("*.ftz",), summary="A compressed classifier of fastText.")
    ]


@hookimpl
def hub_backends() -> list[BackendSpec]:
    """Give fastText, which takes texts as tensors of strings."""
    return [
        BackendSpec(
            id="fasttext",
            formats=("fasttext",),
            verbs=("run",),
            target="hub_files.fasttext_backend:open_part",
            probe="hub_files.fasttext_backend:probe",
            accepts="hub_files.facts:accepts",
            memory="hub_files.facts:memory",
            summary="fastText classifiers of texts",
        )
    ]


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Give Magika over `run`, and labels of languages over `run`."""
    return [
        ModelSpec(
            id="magika",
            task="file-type",
            families=("magika",),
            verbs=("run",),
            target="hub_files.magika.model:Magika",
            needs={"run": ("config.min.json", "content_types_kb.min.json")},
            claims="hub_files.claims:is_magika",
            options=(
                Option(
                    name="confidence",
                    type=str,
                    default="high",
                    choices=("high", "medium", "best_guess"),
                    help="How sure the model must be before its label is given, and not just txt or unknown.",
                ),
                Option(name="batch_size", type=int, default=4, min=1, help="Files that are computed together."),
            ),
            summary="Types of files by Magika",
        ),
        ModelSpec(
            id="fasttext-language",
            task="language-identification",
            families=("*",),
            verbs=("run",),
            target="hub_files.languages:Languages",
            claims="hub_files.claims:is_language_model",
            options=(
                Option(name="top_k", type=int, default=3, min=1, max=1000, help="Give at most this many languages."),
                Option(
                    name="threshold", type=float, default=0.01, min=0, max=1, help="Leave out scores that are lower."
                ),
            ),
            summary="Languages of texts by fastText",
        ),
    ]
