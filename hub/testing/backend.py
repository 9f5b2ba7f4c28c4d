"""What every backend must do, as tests: subclass, say which weights, and run pytest.

Knows nothing of any runtime.
"""

from __future__ import annotations

import json
import tracemalloc
import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from hub.errors import HubError, InputError, PluginError, SessionClosed, UsageError, WorkerDied
from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import Provided, get_host
from hub.plugin.specs import BackendSpec
from hub.runtime.protocols import VERBS, Probe, Session
from hub.runtime.references.facts import weights_size
from hub.testing.apart import open_apart
from hub.testing.generating import GeneratingContract
from hub.testing.held import Held
from hub.testing.importing import heavy_imports
from hub.testing.opening import Opening
from hub.testing.requests import FIELDS, ask, ask_wrongly, assert_same
from hub.testing.running import RunningContract
from hub.types import Estimate

__all__ = ["BackendContract"]

THREADS = 4
SMALL = 8 << 20
OFTEN, SELDOM = 6, 3
LEFT = (0, 1 << 14)


class BackendContract(RunningContract, GeneratingContract):
    """Subclass it as `Test…`, and set `fixture`, or `reference` and `backend`; or give the fixture `opening` yourself.

    Attributes
    ----------
    reference
        Weights that the backend opens: a path, or any other reference that `hub.load` takes. Small ones.
    backend
        Id of the `BackendSpec`.
    load_options
        Load options, as for `hub.load`.
    fixture
        Weights that the plugin's package brings, in place of the three above.
    """

    fixture: ClassVar[WeightsFixture | None] = None
    reference: ClassVar[str] = ""
    backend: ClassVar[str] = ""
    load_options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory: pytest.TempPathFactory) -> Opening:
        """Plan and files that the tests open."""
        if cls.fixture is not None:
            return Opening.of_fixture(cls.fixture, tmp_path_factory.mktemp("weights"))
        return Opening.of(cls.reference, backend=cls.backend, **cls.load_options)

    @pytest.fixture(scope="class")
    @classmethod
    def session(cls, opening: Opening) -> Iterator[Session]:
        """One open session for all tests that do not close it."""
        session = opening.session()
        yield session
        session.close()

    @pytest.fixture(scope="class")
    @classmethod
    def provided(cls, opening: Opening) -> Provided[BackendSpec]:
        """The backend's spec and who gave it."""
        return opening.host.backends[opening.plan.backend]

    # What it says before anything is opened

    def test_the_entry_point_imports_nothing_heavy(self, provided: Provided[BackendSpec]) -> None:
        """Every command waits for it."""
        module = next(each.module for each in get_host().plugins if each.name == provided.plugin)
        assert heavy_imports(module) == []

    def test_the_host_finds_no_fault_in_the_plugin(self, provided: Provided[BackendSpec]) -> None:
        """Specs are valid, hooks are known, nothing clashes. What is a warning alone has checks of its own."""
        record = next(each for each in get_host().plugins if each.name == provided.plugin)
        assert [(fault.kind, fault.reason) for fault in record.faults if not fault.warning] == []

    def test_every_target_of_the_spec_can_be_imported(self, provided: Provided[BackendSpec]) -> None:
        """A name that is misspelt would show on first use only."""
        host, spec = get_host(), provided.spec
        for target in (spec.target, spec.accepts, spec.memory, spec.probe):
            assert target is None or callable(host.resolve(provided, target)), target

    def test_it_accepts_the_weights_and_estimates_their_memory(
        self, opening: Opening, provided: Provided[BackendSpec]
    ) -> None:
        """From facts and options alone."""
        plan, host = opening.plan, get_host()
        if provided.spec.accepts is not None:
            assert host.resolve(provided, provided.spec.accepts)(plan.facts, plan.verb) is None
        if provided.spec.memory is not None:
            estimate = host.resolve(provided, provided.spec.memory)(plan.facts, plan.options)
            assert isinstance(estimate, Estimate)
            assert estimate.weights > 0
            assert min(estimate.cache, estimate.working) >= 0

    def test_its_probe_names_devices_that_the_spec_declares(
        self, opening: Opening, provided: Provided[BackendSpec]
    ) -> None:
        """And the one that the plan chose."""
        if provided.spec.probe is not None:
            probe = get_host().resolve(provided, provided.spec.probe)()
            assert isinstance(probe, Probe)
            assert set(probe.devices) <= set(provided.spec.devices)
            assert opening.plan.device in probe.devices

    def test_it_opens_on_every_device_that_it_names_here(
        self, opening: Opening, provided: Provided[BackendSpec]
    ) -> None:
        """Weights of a format that its spec declares, on each device that its probe finds; and answers there."""
        spec, plan = provided.spec, opening.plan
        assert plan.facts.format in spec.formats
        found = get_host().resolve(provided, spec.probe)().devices if spec.probe else ("cpu",)
        for device in set(found) & set(spec.devices):
            session = replace(opening, plan=replace(plan, device=device)).session()
            try:
                assert ask(session, plan.verb) is not None
            finally:
                session.close()

    # Opening and closing

    def test_a_session_says_what_the_contract_asks(self, session: Session, opening: Opening) -> None:
        """Names in `honours` are those of request fields, and metadata is JSON."""
        assert session.honours <= set(FIELDS)
        json.dumps(dict(session.metadata), allow_nan=False)
        assert opening.plan.verb != "run" or (session.inputs and session.outputs)

    def test_it_opens_and_closes_several_times(self, opening: Opening) -> None:
        """And answers the same each time."""
        answers = []
        for _ in range(3):
            session = opening.session()
            answers.append(ask(session, opening.plan.verb))
            session.close()
            session.close()
        assert_same(answers)

    def test_opening_and_closing_often_leaks_nothing(self, opening: Opening) -> None:
        """No open file, thread, session or memory is left: small weights are opened often, others a few times."""
        size = weights_size(opening.plan.facts)
        left = [_open_and_close(opening)]
        tracemalloc.start()
        try:
            before = Held.now()
            left += [_open_and_close(opening) for _ in range(OFTEN if size <= SMALL else SELDOM)]
            after = Held.now()
        finally:
            tracemalloc.stop()
        alive = sum(session() is not None for session in left)
        assert alive <= 1, f"{alive} closed sessions are still held"
        assert after.leaks_since(before, size) == []

    def test_use_after_close_is_refused(self, opening: Opening) -> None:
        """By every verb, as an error and not a crash."""
        session = opening.session()
        session.close()
        with pytest.raises(SessionClosed):
            ask(session, opening.plan.verb)

    @pytest.fixture(scope="class")
    @classmethod
    def damaged(cls, opening: Opening, tmp_path_factory: pytest.TempPathFactory) -> dict[int, HubError | None]:
        """What came of weights of which so many bytes at most are left, opened in a process that they may end."""
        cut = [opening.cut(tmp_path_factory.mktemp("damaged"), keep) for keep in LEFT]
        return dict(zip(LEFT, open_apart(opening.plan, cut, tmp_path_factory.mktemp("apart")), strict=True))

    @pytest.mark.parametrize("keep", LEFT)
    def test_damaged_weights_are_an_error_and_not_a_crash(self, damaged: dict[int, HubError | None], keep: int) -> None:
        """Empty, or cut in the middle."""
        error = damaged[keep]
        assert error is not None, "they were opened"
        assert not isinstance(error, WorkerDied), (error.message, error.details)
        assert not isinstance(error, PluginError), error.message

    # Answering

    def test_the_same_request_gives_the_same_answer(self, session: Session, opening: Opening) -> None:
        """No state is kept between calls."""
        assert_same([ask(session, opening.plan.verb) for _ in range(3)])

    def test_threads_get_the_answers_that_one_alone_gets(self, session: Session, opening: Opening) -> None:
        """Whatever `concurrency` says."""
        alone = ask(session, opening.plan.verb)
        with ThreadPoolExecutor(THREADS) as pool:
            together = list(pool.map(lambda _: ask(session, opening.plan.verb), range(2 * THREADS)))
        assert_same([alone, *together])

    def test_a_bad_request_is_the_callers_mistake_and_does_not_harm_the_session(
        self, session: Session, opening: Opening
    ) -> None:
        """The next good one is answered as before."""
        before = ask(session, opening.plan.verb)
        with pytest.raises(InputError):
            ask_wrongly(session, opening.plan.verb)
        assert_same([before, ask(session, opening.plan.verb)])

    def test_verbs_that_it_was_not_opened_for_are_refused(self, session: Session, opening: Opening) -> None:
        """A session answers one verb."""
        for verb in set(VERBS) - {opening.plan.verb}:
            with pytest.raises(UsageError):
                ask(session, verb)

    def test_it_agrees_with_the_reference(self, session: Session, opening: Opening) -> None:
        """Within the tolerance that its fixture declares."""
        if self.fixture is None or self.fixture.expected is None:
            pytest.skip("no fixture says what is expected")
        self.assert_agrees(session, opening, self.fixture)


def _open_and_close(opening: Opening) -> weakref.ref[Session]:
    """A weak reference to the backend's own session."""
    session = opening.session()
    inner = getattr(session, "_inner", session)
    session.close()
    try:
        return weakref.ref(inner)
    except TypeError:  # it has slots
        return weakref.ref(session)
