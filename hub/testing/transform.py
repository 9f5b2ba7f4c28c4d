"""What every transform must do, as tests: subclass, give a fixture, and run pytest. Converters and compressions.

Knows nothing of what a transform does to weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from hub.errors import HubError, PluginError
from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import Provided
from hub.plugin.specs import TransformSpec
from hub.runtime.options import resolve_options
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.recipe import Step
from hub.runtime.protocols import Session, Weights
from hub.runtime.references.facts import weights_size
from hub.runtime.transforms.data import content_of
from hub.runtime.transforms.lineage import chain_of
from hub.runtime.transforms.recording import find_opener, opened
from hub.runtime.transforms.scratch import identified
from hub.runtime.transforms.transform import apply_recipe
from hub.store.blobs import hash_file
from hub.store.store import Store
from hub.testing.agreeing import difference
from hub.testing.opening import Opening
from hub.testing.requests import ask, make_feeds
from hub.types import Artifact, Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["CompressionContract", "ConverterContract", "TransformContract"]

SLACK = 16 << 10
"""Bytes that a format may take beside the numbers of its weights."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What a transform made of a fixture: before, after, and the store that keeps its lineage.

    `given` is the artifact that went in, hashed before anything was done with it.
    """

    opening: Opening
    given: Artifact
    plan: Plan
    artifact: Artifact
    store: Store

    @property
    def before(self) -> Weights:
        """What went in."""
        return Weights(path=self.opening.artifact.path, facts=self.opening.plan.facts)

    @property
    def after(self) -> Weights:
        """What came out."""
        return Weights(path=self.artifact.path, facts=self.plan.facts)


class TransformContract:
    """What converters and compressions have in common; subclass one of the two below, and set `fixture`."""

    fixture: ClassVar[WeightsFixture | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory: pytest.TempPathFactory) -> Opening:
        """The weights that go in."""
        assert cls.fixture is not None, "set `fixture` to a WeightsFixture"
        return Opening.of_fixture(cls.fixture, tmp_path_factory.mktemp("weights"))

    @pytest.fixture(scope="class")
    @classmethod
    def provided(cls, opening: Opening) -> Provided[TransformSpec]:
        """The transform's spec and who gave it."""
        assert cls.fixture is not None
        return opening.host.transforms[cls.fixture.of.partition("/")[2]]

    @pytest.fixture(scope="class")
    @classmethod
    def made(
        cls, opening: Opening, provided: Provided[TransformSpec], tmp_path_factory: pytest.TempPathFactory
    ) -> Made:
        """The transform, done once for all tests that only look."""
        assert cls.fixture is not None
        return transformed(opening, provided, cls.fixture, tmp_path_factory.mktemp("store"))

    def test_it_takes_the_format_and_gives_what_its_spec_says(
        self, made: Made, provided: Provided[TransformSpec]
    ) -> None:
        """The format of what comes out is the one that a plan counts on."""
        assert made.before.facts.format in provided.spec.takes
        assert made.after.facts.format == (provided.spec.gives or made.before.facts.format)

    def test_what_went_in_is_as_it_was(self, made: Made) -> None:
        """The artifact is read and never written."""
        before = {file.path: file.sha256 for file in made.given.files}
        now = {file.path: hash_file(made.given.path / file.path)[0] for file in made.given.files}
        assert now == before
        assert {path.name for path in made.given.path.iterdir()} == {name.split("/")[0] for name in now}

    def test_what_it_makes_can_be_opened_and_answers(self, made: Made) -> None:
        """As any weights of that format."""
        with _session(made.after, made.opening.host) as session:
            assert ask(session, "run")

    def test_its_lineage_is_recorded(self, made: Made, provided: Provided[TransformSpec]) -> None:
        """What it was made of, by what, with which options, and how it was checked."""
        [lineage] = chain_of(made.store, made.artifact.digest)
        spec = provided.spec
        assert (lineage.transform, lineage.revision, lineage.lossy) == (spec.id, spec.revision, spec.lossy)
        assert (lineage.plugin, lineage.version) == (provided.distribution, provided.version)
        assert set(lineage.options) == {option.name for option in spec.options}
        assert lineage.parent == made.given.digest
        assert lineage.check

    def test_it_makes_the_same_again(
        self, made: Made, provided: Provided[TransformSpec], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Byte for byte: whoever has the parent and the recipe can make it again."""
        assert self.fixture is not None
        again = transformed(made.opening, provided, self.fixture, tmp_path_factory.mktemp("again"))
        first = {file.path: file.sha256 for file in made.artifact.files}
        assert {file.path: file.sha256 for file in again.artifact.files} == first

    def test_what_it_predicts_comes_true(self, made: Made, provided: Provided[TransformSpec]) -> None:
        """The format exactly, and the size within a factor of two and some KiB: plans are made of it."""
        if provided.spec.predict is None:
            pytest.skip("it predicts nothing: a plan then counts on the size of what goes in")
        predict = made.opening.host.resolve(provided, provided.spec.predict)
        predicted = predict(made.before.facts, _step(made.opening, provided, self.fixture).options)
        assert isinstance(predicted, Facts), f"it refuses its own fixture: {predicted}"
        assert predicted.format == made.after.facts.format
        size = made.after.facts.size
        assert size / 2 - SLACK <= predicted.size <= 2 * size + SLACK, f"{predicted.size} bytes, and it has {size}"

    def test_damaged_weights_are_an_error_that_says_so(
        self, opening: Opening, provided: Provided[TransformSpec], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """An error of `hub.errors` which is not about the plugin; and nothing is kept."""
        assert self.fixture is not None
        damaged = replace(opening, artifact=opening.cut(tmp_path_factory.mktemp("damaged")))
        store = tmp_path_factory.mktemp("store")
        with pytest.raises(HubError) as caught:
            transformed(damaged, provided, self.fixture, store)
        assert not isinstance(caught.value, PluginError), caught.value.message
        assert not Store(store).records()


class CompressionContract(TransformContract):
    """A lossy transform: subclass it as `Test…`, and set `fixture`."""

    def test_it_says_that_it_loses_something(self, provided: Provided[TransformSpec]) -> None:
        """A plan never takes it unless it was asked for."""
        assert provided.spec.lossy

    def test_it_makes_weights_no_larger(self, made: Made) -> None:
        """In bytes."""
        assert weights_size(made.after.facts) <= weights_size(made.before.facts)

    def test_it_loses_no_more_than_its_fixture_declares(self, made: Made) -> None:
        """The outputs for the same feeds, before and after."""
        assert self.fixture is not None
        gap = _gap(made)
        assert gap <= self.fixture.tolerance, f"it loses {gap:.2g}, and {self.fixture.tolerance:g} is declared"


class ConverterContract(TransformContract):
    """A lossless transform: subclass it as `Test…`, and set `fixture`."""

    def test_it_says_that_it_loses_nothing(self, provided: Provided[TransformSpec]) -> None:
        """A plan may take it without being asked."""
        assert not provided.spec.lossy

    def test_its_output_agrees_with_its_input(self, made: Made, provided: Provided[TransformSpec]) -> None:
        """Within the tolerance that its spec declares."""
        gap = _gap(made)
        assert gap <= provided.spec.tolerance, f"it differs by {gap:.2g}, and {provided.spec.tolerance:g} is declared"


def transformed(opening: Opening, provided: Provided[TransformSpec], fixture: WeightsFixture, folder: Path) -> Made:
    """Do the transform, as the core does it, into a store of its own."""
    store = Store(folder)
    plan = replace(opening.plan, recipe=(_step(opening, provided, fixture),))
    given = identified(opening.artifact)
    after, made = apply_recipe(plan, given, host=opening.host, store=store)
    return Made(opening=opening, given=given, plan=after, artifact=made, store=store)


def _step(opening: Opening, provided: Provided[TransformSpec], fixture: WeightsFixture | None) -> Step:
    spec = provided.spec
    options = resolve_options(spec.options, fixture.options if fixture else {}, f"transform '{spec.id}'")
    return Step(
        transform=spec.id,
        name=spec.step,
        plugin=provided.distribution,
        version=provided.version,
        revision=spec.revision,
        takes=opening.plan.facts.format,
        gives=spec.gives or opening.plan.facts.format,
        lossy=spec.lossy,
        options=options,
        origin=spec.origin,
        content=content_of(spec.options, options, None),
    )


def _gap(made: Made) -> float:
    """Largest difference of an output for the same feeds, relative to its largest value."""
    worst = 0.0
    with _session(made.before, made.opening.host) as before, _session(made.after, made.opening.host) as after:
        for seed in range(3):
            feeds = make_feeds(before.inputs, seed=seed)
            worst = max(worst, difference(before.run(feeds), after.run(feeds)))
    return worst


@contextmanager
def _session(weights: Weights, host: Host) -> Iterator[Session]:
    backend = find_opener(weights.facts.format, host)
    if backend is None:
        pytest.skip(f"nothing installed runs {weights.facts.format}, and the fixture does not open it")
    with opened(weights, backend, host) as parts:
        yield next(iter(parts.values()))
