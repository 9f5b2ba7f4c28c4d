"""What every model plugin must do, as tests: subclass, say which weights, and run pytest.

Knows nothing of any family: the inputs are the task's own samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import pytest

from hub.errors import OptionError, SessionClosed, UsageError
from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import get_host
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.model import LoadedModel
from hub.runtime.sessions.answers import FINISHES
from hub.runtime.sessions.load import open_plan
from hub.testing.agreeing import difference
from hub.testing.opening import Opening
from hub.types import Audio

__all__ = ["ModelContract"]

Result = Any  # of the task's output kind


class ModelContract:
    """Subclass it as `Test…`, and set `fixture` or `reference`; or give the fixture `opening` yourself.

    Attributes
    ----------
    reference
        Weights of the family: a path, or any other reference that `hub.load` takes. Small ones.
    backend
        Id of the backend to run them with; the plan chooses otherwise.
    load_options, call_options
        As for `hub.load` and `LoadedModel.infer`. Text is cut to few tokens where `max_tokens` is an option.
    agreement
        Least cosine between the vectors of a text alone and in a batch: padding and dynamic quantisation may cost
        something.
    fixture
        Weights that the plugin's package brings, in place of the others.
    """

    fixture: ClassVar[WeightsFixture | None] = None
    reference: ClassVar[str] = ""
    backend: ClassVar[str | None] = None
    load_options: ClassVar[Mapping[str, Any]] = {}
    call_options: ClassVar[Mapping[str, Any]] = {}
    agreement: ClassVar[float] = 0.99

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory: pytest.TempPathFactory) -> Opening:
        """Plan and files that the tests open."""
        if cls.fixture is not None:
            return Opening.of_fixture(cls.fixture, tmp_path_factory.mktemp("weights"))
        return Opening.of(cls.reference, backend=cls.backend, **cls.load_options)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, opening: Opening) -> Iterator[LoadedModel]:
        """The model, loaded once for all tests."""
        with _load(opening) as model:
            yield model

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls, opening: Opening) -> list[Any]:
        """The task's sample inputs."""
        if cls.fixture is not None and cls.fixture.inputs:
            return list(cls.fixture.inputs)
        host = opening.host
        task = host.tasks[opening.plan.task]
        if task.spec.samples is None:
            pytest.skip(f"the task '{task.spec.id}' has no samples")
        return list(host.resolve(task, task.spec.samples)())

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, model: LoadedModel) -> dict[str, object]:
        """Call options of the tests."""
        short = {"max_tokens": 8} if "max_tokens" in model.options else {}
        return {**short, **(cls.fixture.call_options if cls.fixture is not None else cls.call_options)}

    def test_it_claims_its_weights_and_no_others(self, opening: Opening) -> None:
        """A folder of its family that no registry lists is told from an empty one and from any other."""
        provided = opening.host.models[opening.plan.model_plugin]
        if provided.spec.claims is None or self.fixture is None:
            pytest.skip("it claims nothing, or no fixture was given")
        claims = opening.host.resolve(provided, provided.spec.claims)
        files = tuple(file.path for file in opening.artifact.files)
        assert claims(files, dict(opening.plan.facts.config)) is True
        assert claims((), {}) is False
        assert claims(("model.other",), {"model_type": "no-such-family"}) is False

    def test_it_agrees_with_the_reference(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object]
    ) -> None:
        """Within the tolerance that its fixture declares."""
        if self.fixture is None or self.fixture.expected is None:
            pytest.skip("no fixture says what is expected")
        gap = difference(list(self.fixture.expected(samples)), list(model.infer(samples, **options)))
        assert gap <= self.fixture.tolerance, f"it differs by {gap:.2g}, and {self.fixture.tolerance:g} is declared"

    def test_every_sample_is_answered_with_the_kind_of_the_task(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object]
    ) -> None:
        """One result for each, in order."""
        results = model.infer(samples, **options)
        assert len(results) == len(samples)
        for result in results:
            _assert_kind(get_host().tasks[model.task].spec.outputs[0], result)
            if model.task == "text-generation":
                assert result["finish_reason"] in FINISHES
                assert result["prompt_tokens"] > 0
                assert result["generated_tokens"] >= 0

    def test_an_empty_batch_has_an_empty_answer(self, model: LoadedModel) -> None:
        """Not an error: a program's list may be empty."""
        assert len(model.infer([])) == 0

    def test_a_batch_answers_as_one_after_the_other(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object]
    ) -> None:
        """In order, and not influenced by its neighbours."""
        batch = model.infer(samples, **options)
        for sample, together in zip(samples, batch, strict=True):
            self.assert_agrees(model.infer(sample, **options), together)

    def test_threads_get_the_answers_that_one_alone_gets(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object]
    ) -> None:
        """One handle may be shared."""
        alone = [model.infer(sample, **options) for sample in samples]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda sample: model.infer(sample, **options), samples * 2))
        for one, other in zip(alone * 2, together, strict=True):
            self.assert_agrees(one, other)

    @pytest.mark.parametrize(
        "given", [None, 3, b"bytes", object(), ["good", None]], ids=lambda value: type(value).__name__
    )
    def test_an_input_of_another_kind_is_the_callers_mistake(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object], given: object
    ) -> None:
        """Refused with what is taken, and the next one is answered."""
        if given == b"bytes" and get_host().tasks[model.task].spec.inputs[0] == "file":
            pytest.skip("any bytes are a file")
        with pytest.raises(UsageError):
            model.infer(given, **options)
        model.infer(samples[0], **options)

    def test_an_unknown_option_is_refused(self, model: LoadedModel, samples: list[Any]) -> None:
        """Never ignored."""
        with pytest.raises(OptionError):
            model.infer(samples[0], no_such_option=1)

    def test_pieces_join_to_the_whole_answer(
        self, model: LoadedModel, samples: list[Any], options: dict[str, object]
    ) -> None:
        """Where the task answers with text."""
        if get_host().tasks[model.task].spec.outputs[0] != "text":
            pytest.skip("the task does not answer with text")
        for sample in samples:
            pieces = model.stream(sample, **options)
            text = "".join(pieces)
            result: Result = pieces.result
            assert _text(result) == text
            self.assert_agrees(model.infer(sample, **options), result)

    def test_a_closed_model_says_so(self, opening: Opening, samples: list[Any], options: dict[str, object]) -> None:
        """And may be closed twice."""
        model = _load(opening)
        model.close()
        model.close()
        with pytest.raises(SessionClosed):
            model.infer(samples[0], **options)

    def assert_agrees(self, one: Result, other: Result) -> None:
        """Compare two answers to the same input: vectors and sound by cosine and length, numbers nearly."""
        if isinstance(one, Audio):
            one, other = one.samples(), other.samples()
            assert one.shape == other.shape
        if isinstance(one, np.ndarray):
            one, other = np.ravel(one).astype(np.float64), np.ravel(other).astype(np.float64)
            cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
            assert cosine >= self.agreement
            assert np.linalg.norm(other) == pytest.approx(np.linalg.norm(one), rel=1 - self.agreement)
        elif isinstance(one, Mapping):
            assert list(one) == list(other)
            for name, value in one.items():
                self.assert_agrees(value, other[name])
        elif isinstance(one, list | tuple):
            assert len(one) == len(other)
            for value, its in zip(one, other, strict=True):
                self.assert_agrees(value, its)
        elif isinstance(one, float):
            assert other == pytest.approx(one, rel=1 - self.agreement, abs=1e-3)
        else:
            assert one == other


def _load(opening: Opening) -> LoadedModel:
    host, plan = opening.host, opening.plan
    return LoadedModel(
        plan,
        open_plan(plan, opening.artifact, host),
        host.models[plan.model_plugin].spec,
        host.tasks[plan.task].spec,
        Codecs(host),
    )


def _assert_kind(kind: str, result: Result) -> None:
    if kind == "text":
        assert isinstance(_text(result), str)
    elif kind == "audio":
        assert isinstance(result, Audio)
        assert result.duration > 0
    elif kind == "segments":
        assert all(0 <= row["start"] <= row["end"] for row in result)
    elif kind in {"labels", "boxes"}:
        assert isinstance(result, list)
    elif kind == "vector":
        assert result.dtype == np.float32
        assert result.ndim == 1
        assert np.isfinite(result).all()
        assert np.any(result)
    else:
        assert result is not None


def _text(result: Result) -> Any:  # Any: text, if the model keeps the contract
    """Text of an answer: itself, or its field `text` or `…_text`."""
    if not isinstance(result, Mapping):
        return result
    return next(value for name, value in result.items() if name == "text" or name.endswith("_text"))
