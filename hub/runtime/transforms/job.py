"""One step of a recipe on one artifact: copies in, the transform, what it wrote checked and kept with its lineage.

Knows nothing of the other steps, or of how the plan was made.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from hub import __version__
from hub.errors import NothingToDo, PluginBroken, PluginMissing
from hub.plugin.specs import FormatSpec, TransformSpec
from hub.runtime.asking import ask
from hub.runtime.planning.paths import carry_over
from hub.runtime.planning.recipe import Step
from hub.runtime.protocols import TransformRequest, Weights
from hub.runtime.references.facts import matches, parts_of
from hub.runtime.sessions.architecture import architecture_of
from hub.runtime.transforms.agreement import check_agreement
from hub.runtime.transforms.data import DATA, task_inputs
from hub.runtime.transforms.lineage import Lineage, facts_after, key_of_step, plain_options, read_lineage, write_lineage
from hub.runtime.transforms.opening import check_answers
from hub.runtime.transforms.recording import record_feeds
from hub.runtime.transforms.scratch import copy_file, copy_plain, hashed, listed, made_in
from hub.store.layout import storage_errors
from hub.store.names import digest_of_files
from hub.store.progress import Progress
from hub.store.session import Session
from hub.store.space import check_space
from hub.store.store import Store
from hub.types import JSON, Artifact, Facts, WeightFile

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.runtime.planning.plan import Plan
    from hub.runtime.protocols import Feeds

__all__ = ["Job", "facts_of_lineage"]

SCHEME = "derived"
_COPIES = 3
"""What a step takes on the disk, in sizes of its input: the copy, what is made, and that in the store."""


def facts_of_lineage(lineage: Lineage, before: Facts, host: Host) -> Facts:
    """Facts of what a step made earlier."""
    return facts_after(lineage, before, parts_of(lineage.files, _format(lineage.format, host)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One step on one artifact.

    Parameters
    ----------
    recipe
        All steps up to this one, as text.
    origin, began
        What the recipe began with, for transforms that learn from it, and its digest.
    session
        Keeps what is being made from being collected as garbage.
    """

    plan: Plan
    step: Step
    recipe: str
    origin: Weights
    began: str
    host: Host
    store: Store
    session: Session
    progress: Progress

    def done(self, facts: Facts, parent: Artifact) -> tuple[Facts, Artifact]:
        """The result, made now or earlier; other processes that want the same one wait for it."""
        key = key_of_step(parent.digest, self.step, self.began)
        with FileLock(self.store.layout.lock(f"{SCHEME}-{key}"), thread_local=False):
            return self._found(key, facts) or self._make(key, facts, parent)

    def _found(self, key: str, facts: Facts) -> tuple[Facts, Artifact] | None:
        lineage = read_lineage(self.store, key)
        if lineage is None:
            return None
        self._claim(lineage.files)
        artifact = self.store.find(lineage.files)
        return None if artifact is None else (facts_of_lineage(lineage, facts, self.host), artifact)

    def _make(self, key: str, facts: Facts, parent: Artifact) -> tuple[Facts, Artifact]:
        provided = self._provided()
        check_space(self.store.layout, parent.files * _COPIES, f"step '{self.step}'")
        self.progress.say(f"{self.step}: running {self.step.transform} on {self.plan.variant}")
        copies, out = self.session.scratch(f"{key}-in"), self.session.scratch(f"{key}-out")
        try:
            with storage_errors(copies):
                copy_plain(parent, copies)
            made = self._run(provided, facts, copies, out, key)
            gone = {path for paths in facts.parts.values() for path in paths} | {file.path for file in made}
            assets = [hashed(file, copies) for file in parent.files if file.path not in gone]
            self._refuse_bad(made, assets)
            files = (*assets, *(replace(file, sources=(f"{SCHEME}:{key}/{file.path}",)) for file in made))
            after = self._facts(provided, facts, files)
            with storage_errors(out):
                for file in assets:
                    copy_file(copies / file.path, out / file.path)
            check = self._check(provided, Weights(path=copies, facts=facts), Weights(path=out, facts=after))
            artifact = self._keep(files, out)
        finally:
            for folder in (copies, out):
                shutil.rmtree(folder, ignore_errors=True)
        write_lineage(self.store, self._lineage(key, parent, artifact, after, check))
        shutil.rmtree(self.store.layout.root / "work" / key, ignore_errors=True)
        return replace(after, files=artifact.files), artifact

    def _provided(self) -> Provided[TransformSpec]:
        try:
            return self.host.transforms[self.step.transform]
        except KeyError:
            raise PluginMissing(
                f"transform '{self.step.transform}', which the plan chose, is not installed or is switched off",
                hint=f"Install it: hub plugin install {self.step.plugin}",
            ) from None

    def _run(
        self, provided: Provided[TransformSpec], facts: Facts, copies: Path, out: Path, key: str
    ) -> list[WeightFile]:
        """Call the target for each part; the files that it wrote, hashed. A part with nothing in it to do is copied."""
        made: list[WeightFile] = []
        idle: list[NothingToDo] = []
        inputs = self._inputs(provided.spec)
        for part in facts.parts:
            folder, work = out / part if part else out, self.store.layout.root / "work" / key / (part or "_")
            folder.mkdir(exist_ok=True)
            with storage_errors(work):
                work.mkdir(parents=True, exist_ok=True)
            request = TransformRequest(
                path=copies,
                out=folder,
                facts=facts,
                part=part,
                options=dict(self.step.options),
                inputs=inputs,
                record=partial(self._record, Weights(path=copies, facts=facts), part),
                origin=self.origin,
                work=work,
                architecture=architecture_of(facts, provided.spec.frameworks, self.host),
                tell=lambda text: self.progress.say(f"{self.step}: {text}"),
            )
            before = {file.path for file in made}
            try:
                ask(self.host, provided, provided.spec.target, request)
            except NothingToDo as error:
                if len(facts.parts) == 1 or self.step.gives != facts.format:
                    raise
                idle.append(error)
                self.progress.say(f"{self.step}: part '{part}' stays as it is: {error.message}")
                for path in request.files:
                    copy_file(path, folder / path.name)
            made += [file for file in listed(out, part) if file.path not in before]
        if len(idle) == len(facts.parts):
            raise idle[0]
        return made

    def _inputs(self, spec: TransformSpec) -> list[Any]:  # Any: of the kinds that the task takes
        """The content of the option `data`, the task's data where the step has such an option, else its samples."""
        takes = any(option.name == DATA and option.type is Path for option in spec.options)
        given = self.step.options.get(DATA) if takes else None
        path = given if isinstance(given, Path) else None
        if not takes and self.plan.task not in self.host.tasks:
            return []
        return task_inputs(
            self.plan.task, path, host=self.host, store=self.store, progress=self.progress, default=takes
        )

    def _record(self, weights: Weights, part: str, inputs: Sequence[Any]) -> list[Feeds]:  # Any: as above
        calls = record_feeds(weights, self.plan.model_plugin, inputs, self.host)
        return [call.feeds for call in calls if call.part == part]

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
        missing = [
            pattern for pattern in (spec.match if spec else ()) if not any(matches(p, (pattern,)) for p in paths)
        ]
        if missing:
            raise PluginBroken(f"{what} wrote no {', '.join(missing)}, which format {self.step.gives} has")

    def _facts(self, provided: Provided[TransformSpec], facts: Facts, files: tuple[WeightFile, ...]) -> Facts:
        spec = provided.spec
        expected = carry_over(facts, spec)
        if spec.predict is not None:
            predicted = ask(self.host, provided, spec.predict, facts, self.step.options, answer=Facts | str)
            expected = predicted if isinstance(predicted, Facts) else expected
        parts = parts_of(files, _format(self.step.gives, self.host))
        return replace(
            expected, format=self.step.gives, files=files, parts=parts, size=sum(file.size or 0 for file in files)
        )

    def _check(self, provided: Provided[TransformSpec], before: Weights, after: Weights) -> Mapping[str, JSON]:
        lossy = self.step.lossy
        self.progress.say(
            f"{self.step}: {'opening the result' if lossy else 'comparing the answers with those before'}"
        )
        try:
            if lossy:
                return check_answers(after, self.plan, self.host)
            return check_agreement(before, after, self.plan.model_plugin, provided.spec.tolerance, self.host)
        except PluginBroken as error:
            raise PluginBroken(
                f"transform '{self.step.transform}' of {self.step.plugin} {self.step.version}: {error.message}",
                hint=error.hint,
                details=error.details,
            ) from error

    def _keep(self, files: tuple[WeightFile, ...], out: Path) -> Artifact:
        """Put the result into the store, as a pull would: verified, locked, all or nothing."""
        self._claim(files)
        label = f"{self.plan.reference} ({self.recipe})"
        return self.store.pull(files, label=label, sources=lambda _: made_in(out), progress=self.progress, offline=True)

    def _claim(self, files: tuple[WeightFile, ...]) -> None:
        digest = digest_of_files(files)
        for name in (digest.removeprefix("sha256:") if digest else "", *(file.sha256 for file in files)):
            if name:
                self.session.claim(name)

    def _lineage(
        self, key: str, parent: Artifact, artifact: Artifact, facts: Facts, check: Mapping[str, JSON]
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
            content=step.content,
            lossy=step.lossy,
            plugin=step.plugin,
            version=step.version,
            hub=__version__,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            format=facts.format,
            family=facts.family,
            files=artifact.files,
            config=facts.config,
            check=check,
        )


def _format(form: str, host: Host) -> FormatSpec | None:
    provided = host.formats.get(form)
    return provided.spec if provided else None
