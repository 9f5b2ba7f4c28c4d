"""What every task must do, as tests: subclass, give a fixture, and run pytest. Knows nothing of any model."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any, ClassVar

import pytest

from hub.plugin.fixtures import TaskFixture
from hub.plugin.host import Provided, get_host
from hub.plugin.specs import TaskSpec
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.kinds.reading import Reader
from hub.runtime.protocols import Fidelity

__all__ = ["TaskContract"]


class TaskContract:
    """Subclass it as `Test…`, and set `fixture`."""

    fixture: ClassVar[TaskFixture | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def provided(cls) -> Provided[TaskSpec]:
        """The task's spec and who gave it."""
        assert cls.fixture is not None, "set `fixture` to a TaskFixture"
        return get_host().tasks[cls.fixture.of.partition("/")[2]]

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls, provided: Provided[TaskSpec]) -> list[Any]:
        """The task's sample inputs."""
        if provided.spec.samples is None:
            pytest.skip("it has no samples")
        return list(get_host().resolve(provided, provided.spec.samples)())

    def test_every_kind_is_known(self, provided: Provided[TaskSpec]) -> None:
        """Else nobody could read an input or show an answer."""
        kinds = {*provided.spec.inputs, *provided.spec.outputs}
        assert kinds <= set(get_host().kinds), sorted(kinds - set(get_host().kinds))

    def test_its_samples_are_inputs_of_its_kinds(self, provided: Provided[TaskSpec], samples: list[Any]) -> None:
        """Two or more that differ, so that shapes vary; each is read, and can be sent to a worker."""
        assert len(samples) >= 2
        reader = Reader(provided.spec, Codecs(get_host()))
        for sample in samples:
            assert reader.read(sample) is not None
            pickle.dumps(sample)

    def test_its_samples_are_the_same_each_time(self, provided: Provided[TaskSpec], samples: list[Any]) -> None:
        """What is recorded and compared on them can be made again."""
        assert provided.spec.samples is not None
        again = list(get_host().resolve(provided, provided.spec.samples)())
        assert [pickle.dumps(each) for each in again] == [pickle.dumps(each) for each in samples]

    def test_equal_answers_lose_nothing(self, provided: Provided[TaskSpec], samples: list[Any]) -> None:
        """And every figure is a number."""
        answers = self._answers(samples)
        measure = self._measured(provided, answers, answers)
        assert abs(measure.loss()) <= 1e-6
        figures = dict(measure.figures())
        assert figures
        assert all(math.isfinite(value) for value in figures.values()), figures
        json.dumps(figures, allow_nan=False)

    def test_worse_answers_lose_something(self, provided: Provided[TaskSpec], samples: list[Any]) -> None:
        """Else a compression could cost anything; and one measure knows nothing of another."""
        assert self.fixture is not None
        worse = self.fixture.worse(samples)
        measure = self._measured(provided, self._answers(samples), worse)
        assert measure.loss() > 0
        answers = self._answers(samples)
        assert abs(self._measured(provided, answers, answers).loss()) <= 1e-6

    def _answers(self, samples: list[Any]) -> list[Any]:
        assert self.fixture is not None
        answers = self.fixture.answers(samples)
        assert len(answers) == len(samples)
        return answers

    def _measured(self, provided: Provided[TaskSpec], before: list[Any], after: list[Any]) -> Fidelity:
        if provided.spec.fidelity is None:
            pytest.skip("it says nothing of fidelity")
        measure = get_host().resolve(provided, provided.spec.fidelity)()
        assert isinstance(measure, Fidelity)
        for one, other in zip(before, after, strict=True):
            measure.add(one, other)
        return measure
