"""Looks at what is to be published: whether people could load it safely, may use it, and are told what it is.

Every fault is reported in one go. Knows nothing of hubs or registries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.publish.card import spdx_licence, texts
from hub.publish.contents import content_fault
from hub.publish.material import Material
from hub.publish.secrets import secret_in
from hub.publish.trial import answer_of, example_for
from hub.registry.finding import Finding, Level
from hub.sizes import human_size

if TYPE_CHECKING:
    from hub.runtime.planning.plan import Plan

__all__ = ["inspect"]

_LARGEST = 50 * 10**9
_LARGE = 20 * 10**9


def inspect(material: Material, *, example: str = "", answer: bool = True) -> tuple[list[Finding], tuple[str, ...]]:
    """Everything that was found, and the packages of the plugins that had it answer.

    Parameters
    ----------
    example
        What the model is asked; a sample of its task otherwise.
    answer
        Whether it is asked at all.
    """
    found = [*_files(material), *_card(material), _licence(material), _lineage(material)]
    if not answer:
        return [*found, _told("skipped", "answer", "not asked for")], ()
    finding, requires = _answer(material, example)
    return [*found, finding], requires


def _files(material: Material) -> Iterator[Finding]:
    faults = []
    for name, path in material.files.items():
        size = path.stat().st_size
        if why := content_fault(path, name):
            faults.append(_told("fault", "formats", f"{name} {why}"))
        if why := secret_in(path, name):
            faults.append(_told("fault", "secrets", f"{name} {why}"))
        if size == 0:
            faults.append(_told("fault", "sizes", f"{name} is empty"))
        if size > _LARGEST:
            faults.append(_told("fault", "sizes", f"{name} has {human_size(size)}; a file may have 50 GB: split it"))
        elif size > _LARGE:
            faults.append(
                _told("review", "sizes", f"{name} has {human_size(size)}; the Hub advises shards below 20 GB")
            )
    yield from faults
    bad = {finding.check for finding in faults if finding.level == "fault"}
    names = [variant.format for variant in material.target.variants()]
    if "formats" not in bad:
        yield _told("ok", "formats", f"{', '.join(dict.fromkeys(names))}: loads without running code")
    if "secrets" not in bad:
        yield _told("ok", "secrets", "nothing that looks like one")
    if "sizes" not in bad:
        yield _told("ok", "sizes", f"{len(material.files)} files, {human_size(material.size())}")


def _card(material: Material) -> Iterator[Finding]:
    if text := material.card.text():
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory(prefix="hub-") as folder:
            path = Path(folder, "README.md")
            path.write_text(text, encoding="utf-8")
            if why := secret_in(path, "README.md"):
                yield _told("fault", "secrets", f"README.md {why}")
    metadata = material.card.metadata
    task = next(iter(texts(metadata.get("pipeline_tag"))), "")
    if not task:
        yield _told("fault", "card", "it names no task: --task, or pipeline_tag in README.md")
    elif material.target.model.task and task != material.target.model.task:
        theirs = material.target.model.task
        yield _told("review", "card", f"it says {task}, and installed plugins take it for {theirs}")
    if material.lineage and not texts(metadata.get("base_model")):
        yield _told("fault", "card", "it was made of another model and does not name it: --base-model org/name")
    if task:
        base = next(iter(texts(metadata.get("base_model"))), "")
        yield _told("ok", "card", f"task {task}{f', made of {base}' if base else ''}")


def _licence(material: Material) -> Finding:
    expression = spdx_licence(material.card.metadata)
    if not expression:
        return _told("fault", "licence", "none is named: --license with an SPDX identifier, such as Apache-2.0")
    if "LicenseRef-" in expression:
        link = material.card.metadata.get("license_link") or any(name.startswith("LICEN") for name in material.files)
        if not link:
            text = f"{expression} is not on the SPDX list, and its text is not here: put a LICENSE beside the weights"
            return _told("fault", "licence", text)
        return _told("review", "licence", f"{expression}: not on the SPDX list; people will have to read it")
    return _told("ok", "licence", expression)


def _lineage(material: Material) -> Finding:
    steps = material.lineage.get("steps")
    if not isinstance(steps, list) or not steps:
        return _told("ok", "lineage", "made by no step of hub")
    last = steps[-1] if isinstance(steps[-1], dict) else {}
    losses = last.get("figures")
    lossy = any(isinstance(step, dict) and step.get("lossy") for step in steps)
    if lossy and not losses:
        text = f"{material.recipe} loses something, and what it loses was not measured: hub compress"
        return _told("review", "lineage", text)
    return _told("ok", "lineage", f"{material.base or 'a model without a name'} | {material.recipe}")


def _answer(material: Material, example: str) -> tuple[Finding, tuple[str, ...]]:
    from hub.runtime.api import load_target

    try:
        given = example_for(material.target.model.task, example)
        if given is None:
            return _told("review", "answer", "its task has no sample to ask: --example"), ()
        with load_target(
            material.target,
            backend=None,
            device=None,
            compress="",
            task=None,
            worker=True,
            allow_pickle=False,
            progress=None,
            options={},
        ) as loaded:
            text, answers = answer_of(loaded, given)
            return _told("ok" if answers else "fault", "answer", text), _packages(loaded.plan)
    except HubError as error:
        said = "; ".join([error.message, *error.details[:3]])
        return _told("fault", "answer", f"it does not answer here: {said}"), ()


def _packages(plan: Plan) -> tuple[str, ...]:
    """Packages of the backend and the model plugin."""
    from hub.plugin.host import get_host

    host = get_host()
    given = (host.backends.get(plan.backend), host.models.get(plan.model_plugin))
    return tuple(dict.fromkeys(each.distribution for each in given if each is not None))


def _told(level: Level, check: str, message: str) -> Finding:
    return Finding(check=check, level=level, entry="", message=message)
