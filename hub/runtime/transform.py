"""Runs the transforms of a plan, each once: what was made is kept in the store with its lineage and found again.

A transform works on plain copies in a scratch folder. What it makes is checked before it is kept, and a process that
is killed leaves nothing that a later run would take. Knows nothing of backends beyond the check of converters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from hub import __version__
from hub.errors import PluginBroken, PluginMissing
from hub.plugin.specs import FormatSpec, TransformSpec
from hub.runtime.agreement import Weights, check_agreement
from hub.runtime.facts import matches, parts_of
from hub.runtime.judge import call
from hub.runtime.lineage import Lineage, facts_after, key_of_step, plain_options, read_lineage, write_lineage
from hub.runtime.paths import carry_over
from hub.runtime.protocols import TransformRequest
from hub.runtime.recipe import Step, recipe_text
from hub.runtime.scratch import copy_file, copy_plain, hashed, identified, listed, made_in
from hub.store.layout import storage_errors
from hub.store.names import digest_of_files
from hub.store.progress import Progress, Silent
from hub.store.session import Session
from hub.store.space import check_space
from hub.store.store import Store
from hub.types import Artifact, Facts, WeightFile

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.runtime.plan import Plan

__all__ = ["apply_recipe", "find_derived"]

SCHEME = "derived"
_COPIES = 3
"""What a step takes on the disk, in sizes of its input: the copy, what is made, and that in the store."""


def find_derived(plan: Plan, *, host: Host, store: Store) -> tuple[Plan, Artifact] | None:
    """What the plan's recipe made earlier, with the plan that opens it; `None` where a step has to be run.

    Needs neither the variant's files nor the plugins that ran the steps.
    """
    digest = digest_of_files(plan.files)
    facts, artifact = plan.source, None
    for step in plan.recipe:
        lineage = read_lineage(store, key_of_step(digest, step)) if digest else None
        if lineage is None:
            return None
        digest, facts = lineage.digest, facts_after(lineage, facts, _parts(lineage, host))
        artifact = store.find(lineage.files)
    return None if artifact is None else (_opens(plan, facts, artifact), artifact)


def apply_recipe(
    plan: Plan,
    artifact: Artifact,
    *,
    host: Host,
    store: Store,
    name: str = "",
    progress: Progress | None = None,
) -> tuple[Plan, Artifact]:
    """Run the steps that were not done yet.

    Parameters
    ----------
    artifact
        The variant's files.
    name
        What the store's record calls the model; its id by default.

    Returns
    -------
    tuple
        The plan with the facts of what came out, and that artifact; both as they are where the recipe is empty.

    Raises
    ------
    PluginMissing, PluginBroken
        A transform is not installed any more, raised, gave something else than it promised, or is a converter whose
        output differs from its input.
    StorageError
        There is no room for the copies or the result.
    """
    facts = plan.source
    if plan.recipe and not artifact.digest:
        artifact = identified(artifact)
    for place, step in enumerate(plan.recipe):
        job = _Job(plan=plan, step=step, recipe=recipe_text(plan.recipe[: place + 1]), host=host, store=store)
        facts, artifact = job.done(facts, artifact, progress or Silent())
    if plan.recipe:
        record(plan, facts, artifact, store, name or plan.model)
    return (_opens(plan, facts, artifact) if plan.recipe else plan), artifact


def record(plan: Plan, facts: Facts, artifact: Artifact, store: Store, name: str) -> None:
    """Note in the store that the person has this artifact, so that it is listed and never garbage."""
    steps = [
        f"{word}({options})" if colon else word for word, colon, options in (str(s).partition(":") for s in plan.recipe)
    ]
    store.pull(
        artifact.files,
        label=plan.reference,
        model=name,
        variant="+".join([plan.variant, *steps]),
        format=facts.format,
        reference=plan.reference,
        sources=lambda _: made_in(artifact.path),
        offline=True,
    )


def _opens(plan: Plan, facts: Facts, artifact: Artifact) -> Plan:
    return replace(plan, facts=replace(facts, files=artifact.files), download=0)


def _parts(lineage: Lineage, host: Host) -> Mapping[str, tuple[str, ...]]:
    return parts_of(lineage.files, _format(lineage.format, host))


def _format(form: str, host: Host) -> FormatSpec | None:
    provided = host.formats.get(form)
    return provided.spec if provided else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One step on one artifact."""

    plan: Plan
    step: Step
    recipe: str
    host: Host
    store: Store

    def done(self, facts: Facts, parent: Artifact, progress: Progress) -> tuple[Facts, Artifact]:
        """The result, made now or earlier; other processes that want the same one wait for it."""
        key = key_of_step(parent.digest, self.step)
        found = self._found(key, facts)
        if found is not None:
            return found
        self.store.layout.prepare()
        with FileLock(self.store.layout.lock(f"{SCHEME}-{key}"), thread_local=False):
            return self._found(key, facts) or self._make(key, facts, parent, progress)

    def _found(self, key: str, facts: Facts) -> tuple[Facts, Artifact] | None:
        lineage = read_lineage(self.store, key)
        artifact = self.store.find(lineage.files) if lineage else None
        if lineage is None or artifact is None:
            return None
        return facts_after(lineage, facts, _parts(lineage, self.host)), artifact

    def _make(self, key: str, facts: Facts, parent: Artifact, progress: Progress) -> tuple[Facts, Artifact]:
        provided = self._provided()
        progress.say(f"{self.step}: running {self.step.transform} on {self.plan.variant}")
        claims = {parent.digest.removeprefix("sha256:"), *(file.sha256 for file in parent.files if file.sha256)}
        check_space(self.store.layout, parent.files * _COPIES, f"step '{self.step}'")
        with Session(self.store.layout, claims) as session:
            copies, out = session.scratch("in"), session.scratch("out")
            with storage_errors(copies):
                copy_plain(parent, copies)
            made = self._run(provided, facts, copies, out)
            weights = {path for paths in facts.parts.values() for path in paths}
            assets = [hashed(file, copies) for file in parent.files if file.path not in weights]
            self._refuse_bad(made, assets)
            files = (*assets, *(replace(file, sources=(f"{SCHEME}:{key}/{file.path}",)) for file in made))
            after = self._facts(provided, facts, files)
            for file in assets:
                copy_file(copies / file.path, out / file.path)
            check = self._check(provided, Weights(path=copies, facts=facts), Weights(path=out, facts=after))
            artifact = self._keep(files, out, progress)
        write_lineage(self.store, self._lineage(key, parent, artifact, after, check))
        return replace(after, files=artifact.files), artifact

    def _provided(self) -> Provided[TransformSpec]:
        try:
            return self.host.transforms[self.step.transform]
        except KeyError:
            raise PluginMissing(
                f"transform '{self.step.transform}', which the plan chose, is not installed or is switched off",
                hint=f"Install it: hub plugin install {self.step.plugin}",
            ) from None

    def _run(self, provided: Provided[TransformSpec], facts: Facts, copies: Path, out: Path) -> list[WeightFile]:
        """Call the target for each part; the files that it wrote, hashed."""
        made: list[WeightFile] = []
        for part in facts.parts:
            folder = out / part if part else out
            folder.mkdir(exist_ok=True)
            request = TransformRequest(path=copies, out=folder, facts=facts, part=part, options=dict(self.step.options))
            before = {file.path for file in made}
            call(self.host, provided, provided.spec.target, request)
            made += [file for file in listed(out, part) if file.path not in before]
        return made

    def _refuse_bad(self, made: list[WeightFile], assets: list[WeightFile]) -> None:
        """What a transform made is of the format that it promised, has something in it, and replaces no asset."""
        what = f"transform '{self.step.transform}' of {self.step.plugin} {self.step.version}"
        paths = [file.path for file in (*made, *assets)]
        spec = _format(self.step.gives, self.host)
        if not made:
            raise PluginBroken(f"{what} wrote no file")
        for file in made:
            if not file.size:
                raise PluginBroken(f"{what} wrote an empty file: {file.path}")
            if file.path in {asset.path for asset in assets}:
                raise PluginBroken(f"{what} wrote over an asset: {file.path}")
        missing = [
            pattern for pattern in (spec.match if spec else ()) if not any(matches(p, (pattern,)) for p in paths)
        ]
        if missing:
            raise PluginBroken(f"{what} wrote no {', '.join(missing)}, which format {self.step.gives} has")

    def _facts(self, provided: Provided[TransformSpec], facts: Facts, files: tuple[WeightFile, ...]) -> Facts:
        spec = provided.spec
        expected = carry_over(facts, spec)
        if spec.predict is not None:
            predicted = call(self.host, provided, spec.predict, facts, self.step.options)
            expected = predicted if isinstance(predicted, Facts) else expected
        parts = parts_of(files, _format(self.step.gives, self.host))
        return replace(
            expected, format=self.step.gives, files=files, parts=parts, size=sum(file.size or 0 for file in files)
        )

    def _check(self, provided: Provided[TransformSpec], before: Weights, after: Weights) -> Mapping[str, object]:
        if self.step.lossy:
            return {}
        try:
            return check_agreement(before, after, self.plan.model_plugin, provided.spec.tolerance, self.host)
        except PluginBroken as error:
            raise PluginBroken(
                f"transform '{self.step.transform}' of {self.step.plugin} {self.step.version}: {error.message}",
                hint=error.hint,
                details=error.details,
            ) from error

    def _keep(self, files: tuple[WeightFile, ...], out: Path, progress: Progress) -> Artifact:
        """Put the result into the store, as a pull would: verified, locked, all or nothing."""
        label = f"{self.plan.reference} ({self.recipe})"
        return self.store.pull(files, label=label, sources=lambda _: made_in(out), progress=progress, offline=True)

    def _lineage(
        self, key: str, parent: Artifact, artifact: Artifact, facts: Facts, check: Mapping[str, object]
    ) -> Lineage:
        step = self.step
        return Lineage(
            key=key,
            digest=artifact.digest,
            parent=parent.digest,
            model=self.plan.model,
            variant=self.plan.variant,
            recipe=self.recipe,
            transform=step.transform,
            revision=step.revision,
            options=plain_options(step),
            lossy=step.lossy,
            plugin=step.plugin,
            version=step.version,
            hub=__version__,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            format=facts.format,
            family=facts.family,
            files=artifact.files,
            config=facts.config,
            check=check,  # type: ignore[arg-type]
        )
