"""Weights that a contract is tried on: the plan for a reference or a fixture, and the files on this disk.

Knows nothing of what is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import PluginMissing, UsageError
from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import Host, Provided, get_host
from hub.plugin.specs import BackendSpec
from hub.runtime.options import resolve_options
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.facts import matches, parts_of
from hub.runtime.references.fetch import fetch
from hub.runtime.references.local import list_files, read_config
from hub.runtime.references.resolve import resolve
from hub.runtime.sessions.architecture import offered
from hub.runtime.sessions.load import open_part
from hub.runtime.transforms.transform import apply_recipe
from hub.store.store import Store
from hub.testing.standin import STAND_IN, host_for
from hub.types import Artifact, Estimate, Facts

if TYPE_CHECKING:
    from hub.runtime.protocols import Session

__all__ = ["Opening"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A plan and the artifact that it opens, in a host that has what the plan names."""

    plan: Plan
    artifact: Artifact
    host: Host = field(default_factory=get_host, compare=False)

    @classmethod
    def of(
        cls,
        reference: str,
        *,
        backend: str | None = None,
        device: str | None = None,
        compress: str = "",
        store: Store | None = None,
        **load_options: object,
    ) -> Opening:
        """Plan for a reference, as `hub.load` makes it, with its weights pulled."""
        host, store = get_host(), store or Store()
        target = resolve(reference)
        plan = make_plan(
            target, host=host, store=store, backend=backend, device=device, recipe=compress, options=load_options
        )
        if target.root is None:
            artifact = fetch(target, plan.variant, store=store)
        else:
            artifact = Artifact(digest="", path=target.root, files=plan.files)
        plan, artifact = apply_recipe(plan, artifact, host=host, store=store)
        return cls(plan=plan, artifact=artifact)

    @classmethod
    def of_fixture(cls, fixture: WeightsFixture, folder: Path) -> Opening:
        """Write a fixture's weights into a folder, and plan for the part that it is of and nothing else.

        Raises
        ------
        PluginMissing
            Nothing installed knows the format, or opens it.
        UsageError
            The fixture writes nothing that is weights of its format.
        """
        host = host_for(fixture, get_host())
        facts = _written(fixture, folder, host)
        table, _, name = fixture.of.partition("/")
        model = host.models[name if table == "models" else STAND_IN].spec
        backend, verb = _backend(fixture, facts, host, () if table == "backends" else model.verbs)
        spec = backend.spec
        given = fixture.options if table in {"backends", "models"} and spec.id != STAND_IN else {}
        plan = Plan(
            reference=str(folder),
            model=name,
            variant="fixture",
            files=facts.files,
            backend=spec.id,
            plugin=f"{backend.distribution} {backend.version}",
            device="cpu" if "cpu" in spec.devices else spec.devices[0],
            verb=verb,
            model_plugin=model.id,
            task=facts.task,
            facts=facts,
            source=facts,
            options=resolve_options(spec.options, given, f"backend '{spec.id}'"),
            estimate=Estimate(weights=facts.size),
            free_memory=None,
            download=0,
        )
        return cls(plan=plan, artifact=Artifact(digest="", path=folder, files=facts.files), host=host)

    def cut(self, folder: Path, keep: int | None = None) -> Artifact:
        """A copy whose weights are cut: half of each file is left, or so many bytes where that is less."""
        weights = {name for names in self.plan.facts.parts.values() for name in names}
        for file in self.artifact.files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            content = (self.artifact.path / file.path).read_bytes()
            half = len(content) // 2
            left = half if keep is None else min(keep, half)
            path.write_bytes(content[:left] if file.path in weights else content)
        return Artifact(digest="", path=folder, files=self.artifact.files)

    def session(self) -> Session:
        """Open the first part, behind the guard. The caller closes it."""
        return open_part(self.plan, self.artifact, self.host, next(iter(self.plan.facts.parts)))


def _written(fixture: WeightsFixture, folder: Path, host: Host) -> Facts:
    fixture.write(folder)
    files = tuple(replace(file, part=_part_of(file.path, fixture)) for file in list_files(folder))
    if fixture.format not in host.formats:
        raise PluginMissing(
            f"the fixture of {fixture.of} is of the format '{fixture.format}', which nothing installed knows",
            hint="Give a FormatSpec for it, or depend on the plugin that does",
        )
    parts = parts_of(files, host.formats[fixture.format].spec)
    if not parts:
        raise UsageError(f"the fixture of {fixture.of} writes no weights of the format '{fixture.format}'")
    facts = Facts(
        task=fixture.task,
        family=fixture.family,
        format=fixture.format,
        files=files,
        parts=parts,
        size=sum(file.size or 0 for file in files),
        config=read_config(folder, tuple(file.path for file in files)),
    )
    return replace(facts, architectures=offered(facts, host))


def _part_of(path: str, fixture: WeightsFixture) -> str:
    return next((part for part, patterns in fixture.parts.items() if matches(path, patterns)), "")


def _backend(
    fixture: WeightsFixture, facts: Facts, host: Host, verbs: tuple[str, ...]
) -> tuple[Provided[BackendSpec], str]:
    """The fixture's own backend, what stands in for one, or the first that opens the weights; and the verb."""
    table, _, name = fixture.of.partition("/")
    able = [host.backends[name]] if table == "backends" else [each for _, each in sorted(host.backends.items())]
    for backend in able:
        spec = backend.spec
        shared = [verb for verb in verbs or spec.verbs if verb in spec.verbs and fixture.verb in {"", verb}]
        accepts = host.resolve(backend, spec.accepts) if spec.accepts and facts.format in spec.formats else None
        if facts.format in spec.formats and shared and (accepts is None or accepts(facts, shared[0]) is None):
            return backend, shared[0]
    raise PluginMissing(
        f"nothing installed opens the fixture of {fixture.of}: weights of the format '{facts.format}'",
        hint="Say in WeightsFixture.open how they are opened, or install a backend that does",
    )
