"""A model in its own process: the same answers, whatever becomes of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import numpy as np
import pytest

import hub.runtime.workers.process
from hub.errors import Cancelled, ContextOverflow, InferenceError, InputError, OptionError, SessionClosed, WorkerDied
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.order import Order
from tests.support.toys import TOY, is_running, toy_host, toy_model


@pytest.fixture
def host(monkeypatch):
    return toy_host(monkeypatch)


@pytest.fixture
def model(host, tmp_path):
    with toy_model(host, tmp_path, worker=True) as model:
        yield model


def gone(pid):
    """Wait until a process is gone."""
    while is_running(pid):
        time.sleep(0.01)
    return True


def test_a_worker_answers_from_another_process(model):
    pid = int(model.infer("pid")["generated_text"])
    assert pid == model._engine.pid != os.getpid()
    assert model.infer(["a b", "c"])[0]["generated_text"] == "a b"
    assert model.infer([]) == []


def test_a_worker_streams(model):
    pieces = model.stream("one two three", upper=True)
    assert list(pieces) == ["ONE", " TWO", " THREE"]
    assert pieces.result["generated_tokens"] == 3


def test_what_plugins_log_in_the_worker_is_logged_here(model, caplog):
    model.infer("warn reader")
    assert [(record.name, record.levelname) for record in caplog.records] == [
        ("hub_toy", "WARNING"),
        ("py.warnings", "WARNING"),
    ]
    assert caplog.records[0].getMessage() == "careful, reader"
    assert "mind the step" in caplog.records[1].getMessage()


def test_large_arrays_pass_both_ways(host, tmp_path):
    with toy_model(host, tmp_path, worker=True, task="feature-extraction") as model:
        array = np.arange(8_000_000, dtype=np.float32).reshape(2, -1)
        assert np.array_equal(model.infer(array), array * 2)


def test_errors_come_out_as_what_they_are_with_the_traceback_of_the_worker(model):
    with pytest.raises(ContextOverflow) as caught:
        model.infer("overflow")
    assert caught.value.hint == "Shorten it"
    assert caught.value.details == ("9000 of 8192 tokens",)
    assert "hub_toy" in str(caught.value.__cause__)
    with pytest.raises(InferenceError, match="ZeroDivisionError: told to"):
        model.infer("raise")
    with pytest.raises(OptionError, match="has no option 'uper'; did you mean 'upper'"):
        model.infer("a", uper=True)
    assert model.infer("still here")["generated_text"] == "still here"


def test_a_plugin_that_exits_does_not_end_the_worker(model):
    with pytest.raises(InferenceError, match="SystemExit"):
        model.infer("exit")
    assert model.infer("a")["generated_text"] == "a"


@pytest.mark.parametrize("given", ["unpicklable", lambda: None])
def test_what_cannot_be_sent_is_said(model, given):
    with pytest.raises(InferenceError, match="cannot be sent to another process"):
        model.infer(given)
    assert model.infer("a")["generated_text"] == "a"


@pytest.mark.parametrize(("how", "said"), [("die", "killed by SIGKILL"), ("crash", "killed by SIGABRT")])
def test_a_worker_that_dies_says_how_and_the_next_call_starts_another(model, how, said):
    first = model._engine.pid
    with pytest.raises(WorkerDied, match=said):
        model.infer(how)
    assert not is_running(first)
    assert model.infer("back again")["generated_text"] == "back again"
    assert model._engine.pid != first


def test_the_last_words_of_a_worker_are_kept(model):
    with pytest.raises(WorkerDied) as caught:
        model.infer("crash")
    assert any("Fatal Python error: Aborted" in line for line in caught.value.details)


def test_every_running_call_hears_that_the_worker_died(model):
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(model.infer, "deaf")
        while not model._engine._process._pending:
            time.sleep(0.001)
        os.kill(model._engine.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            waiting.result(60)


def test_a_worker_that_dies_between_calls_is_replaced(model):
    first = model._engine._process
    os.kill(first.pid, signal.SIGKILL)
    while first.alive:  # its first thread is gone before the last one lets go of the pipes
        time.sleep(0.001)
    assert model.infer("a")["generated_text"] == "a"
    assert model._engine._process is not first


def test_a_model_that_cannot_be_opened_says_why_and_leaves_no_process(host, tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen

    def popen(*arguments, **options):
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    failing = {"parts": ("decoder",), "options": {"fail": "decoder"}}
    with pytest.raises(InferenceError, match="no room for decoder"), toy_model(host, tmp_path, worker=True, **failing):
        pass
    dying = {"options": {"fail": "die"}}
    with pytest.raises(WorkerDied) as caught, toy_model(host, tmp_path, worker=True, **dying):
        pass
    assert "the runtime gives up" in caught.value.details
    assert [process.poll() is not None for process in started] == [True, True]


def test_closing_a_stream_stops_the_generation_and_keeps_the_worker(model):
    first = model._engine.pid
    pieces = model.stream("forever and ever")
    assert next(pieces) == "forever"
    pieces.close()
    assert model.infer("a")["generated_text"] == "a"
    assert model._engine.pid == first


def test_a_deaf_runtime_is_ended_with_its_process(model, monkeypatch):
    monkeypatch.setattr(hub.runtime.workers.process, "GRACE", 0.2)
    first = model._engine.pid
    pieces = model.stream("deaf begun")
    assert next(pieces) == "begun"  # what is cancelled before that is not even tried
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(model.infer, "deaf")
        while len(model._engine._process._pending) < 2:
            time.sleep(0.001)
        pieces.close()
        with pytest.raises(WorkerDied) as caught:
            other.result(60)
    assert "did not stop within" in caught.value.details[-1]
    assert gone(first)
    assert model.infer("a")["generated_text"] == "a"


def test_true_from_the_callback_keeps_what_was_said(model):
    result = model._engine.infer(["forever"], {"max_tokens": None, "upper": False}, lambda delta: True)
    assert result[0]["finish_reason"] == "cancelled"


def test_a_process_that_hangs_is_ended_and_replaced(host, tmp_path):
    with toy_model(host, tmp_path, worker=True, patience=0.4) as model:
        first = model._engine.pid
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(WorkerDied) as caught:
            model.infer("a b")
        assert caught.value.details == ("ended because it gave no sign of life for 0.4 s",)
        assert model.infer("a b")["generated_text"] == "a b"
        assert model._engine.pid != first


def test_a_process_that_says_nothing_while_it_computes_is_not_taken_for_hung(host, tmp_path):
    with toy_model(host, tmp_path, worker=True, patience=0.2) as model, ThreadPoolExecutor() as pool:
        quiet = pool.submit(model.infer, "deaf")
        time.sleep(1)
        assert not quiet.done()
        os.kill(model._engine.pid, signal.SIGKILL)
        assert isinstance(quiet.exception(), WorkerDied)


def begun(model, **changes):
    """The outcome of one call that begins without anybody waiting for it."""
    outcomes = SimpleQueue()
    options = {"max_tokens": None, "upper": False}
    model.begin([Order(**{"inputs": ["a b"], "options": options, "ended": outcomes.put, **changes})])
    return outcomes.get(timeout=60)


def test_who_serves_others_is_told_by_the_thread_that_reads_and_stops_there(model):
    threads = []

    def emit(_):
        threads.append(threading.current_thread().name)
        return len(threads) == 2

    [result] = begun(model, inputs=["forever a b"], emit=emit)
    assert threads == ["hub-worker"] * 2
    assert result["generated_text"].startswith("forever")


@pytest.mark.parametrize("worker", [True, False])
def test_calls_begin_together_and_each_is_told_how_it_ended(host, tmp_path, worker):
    with toy_model(host, tmp_path, worker=worker) as model:
        outcomes = {}
        texts, told = ["a b", "overflow", "raise", "c"], threading.Semaphore(0)

        def ended(text, outcome):
            outcomes[text] = outcome
            told.release()

        options = {"max_tokens": None, "upper": False}
        model.begin([Order(inputs=[text], options=options, ended=partial(ended, text)) for text in texts])
        for _ in texts:
            assert told.acquire(timeout=60)
    assert [outcomes[text][0]["generated_text"] for text in ("a b", "c")] == ["a b", "c"]
    assert isinstance(outcomes["overflow"], ContextOverflow)
    assert isinstance(outcomes["raise"], InferenceError)


def test_who_follows_several_calls_is_told_once_of_what_came_together(model):
    bells, outcomes, brought = [], SimpleQueue(), []

    def bell():
        bells.append(len(brought))

    options = {"max_tokens": 400, "upper": False}
    changes = {"options": options, "ended": outcomes.put, "emit": brought.append, "ring": bell}
    model.begin([Order(inputs=["forever a b"], **changes) for _ in range(2)])
    assert all(isinstance(outcomes.get(timeout=60), list) for _ in range(2))
    assert bells[-1] == len(brought) == 800  # nothing came that it was not told of
    assert len(bells) < 400


def test_who_follows_a_call_of_this_process_is_told_too(host, tmp_path):
    bells, brought = [], []
    with toy_model(host, tmp_path) as model:
        begun(model, emit=brought.append, ring=lambda: bells.append(len(brought)))
    assert bells == [1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a policy for each thread")
def test_a_thread_wakes_in_its_turn_once_its_request_has_begun(model):
    for _ in range(3):  # the thread is borrowed, again and again
        first, *rest = model.infer("policy policy policy")["generated_text"].split()
        assert first == str(os.SCHED_OTHER)
        assert set(rest) == {str(os.SCHED_BATCH)}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a policy for each thread")
def test_a_thread_of_the_runtime_that_brings_the_pieces_wakes_as_it_did(model):
    said = model.infer("aside policy policy")["generated_text"].split()
    assert said == ["aside", *[str(os.SCHED_OTHER)] * 2]


def test_of_calls_that_begin_together_one_that_cannot_be_sent_does_not_keep_the_others(model):
    outcomes, options = SimpleQueue(), {"max_tokens": None, "upper": False}
    model.begin([Order(inputs=[given], options=options, ended=outcomes.put) for given in (lambda: None, "a b")])
    found = [outcomes.get(timeout=60) for _ in range(2)]
    [failure] = [each for each in found if isinstance(each, InferenceError)]
    assert "cannot be sent" in failure.message
    assert [each[0]["generated_text"] for each in found if isinstance(each, list)] == ["a b"]


def test_an_input_that_is_nested_too_deeply_to_be_sent_is_its_senders_fault(model):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    outcome = begun(model, inputs=[deep])
    assert isinstance(outcome, InputError)
    assert "cannot be sent" in outcome.message
    assert begun(model)[0]["generated_text"] == "a b"


def test_who_began_is_told_what_the_callback_raised_or_that_nobody_wants_it(model):
    def emit(_):
        raise LookupError("mine")

    assert isinstance(begun(model, inputs=["forever"], emit=emit), LookupError)
    cancel = Cancel()
    cancel.set()
    assert isinstance(begun(model, inputs=["forever"], cancel=cancel), Cancelled)


def test_who_began_is_told_that_the_worker_died_and_may_begin_again(model):
    assert isinstance(begun(model, inputs=["die"]), WorkerDied)
    assert begun(model)[0]["generated_text"] == "a b"


def test_a_cancelled_call_that_is_ended_by_force_says_so(model, monkeypatch):
    monkeypatch.setattr(hub.runtime.workers.process, "GRACE", 0.2)
    cancel = Cancel()
    threading.Timer(1, cancel.set).start()  # when it computes: before that it would heed it
    with pytest.raises(Cancelled, match="its process was ended"):
        model._engine.infer(["deaf"], {"max_tokens": None, "upper": False}, cancel=cancel)


def test_what_the_callback_raises_stops_the_worker_and_comes_out(model):
    def emit(delta):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        model._engine.infer(["forever"], {"max_tokens": None, "upper": False}, emit)
    assert model.infer("a")["generated_text"] == "a"


def test_many_threads_share_a_worker(model):
    with ThreadPoolExecutor(8) as pool:
        texts = [f"text number {index}" for index in range(40)]
        assert [answer["generated_text"] for answer in pool.map(model.infer, texts)] == texts


def test_close_waits_for_running_calls_ends_the_process_and_refuses_more(model):
    engine = model._engine
    pid = engine.pid
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(model.infer, "forever", max_tokens=2000)
        while not engine._process._pending:
            time.sleep(0.001)
        model.close()
        assert running.result(60)["generated_tokens"] == 2000
    assert not is_running(pid)
    assert engine.pid is None
    with pytest.raises(SessionClosed):
        model.infer("a")
    with pytest.raises(SessionClosed):
        engine.infer(["a"], {})
    model.close()


def test_close_stops_open_streams(model):
    pieces = model.stream("forever")
    next(pieces)
    model.close()
    assert list(pieces) == []


def test_dropping_the_handle_ends_the_worker(host, tmp_path):
    from hub.runtime.model import LoadedModel
    from hub.runtime.workers.remote import RemoteModel
    from tests.support.toys import toy_artifact, toy_plan

    plan = toy_plan()
    model = LoadedModel(
        plan, RemoteModel(plan, toy_artifact(tmp_path)), host.models["toy-talk"].spec, host.tasks[plan.task].spec
    )
    pid = model._engine.pid
    del model
    assert gone(pid)


SCRIPT = """
import sys
sys.path.insert(0, {toy!r})
sys.path.insert(0, {root!r})
from pathlib import Path
from hub.plugin.host import get_host
from tests.support.toys import toy_artifact, toy_model, toy_plan

with toy_model(get_host(), Path({folder!r}), worker=True) as model:
    print(model._engine.pid, flush=True)
    {body}
"""


def script(tmp_path, body):
    from tests.conftest import ROOT

    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(toy=str(TOY), root=str(ROOT), folder=str(tmp_path), body=body))
    return [sys.executable, str(path)]


def test_a_script_without_a_main_guard_can_use_a_worker(tmp_path):
    done = subprocess.run(
        script(tmp_path, "print(model.infer('it works')['generated_text'])"), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.splitlines()[1:], done.stderr) == (0, ["it works"], "")


def test_no_worker_is_left_when_its_parent_is_killed(tmp_path):
    with subprocess.Popen(script(tmp_path, "model.infer('deaf')"), stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
        parent.wait(60)
    assert gone(pid)


def test_ctrl_c_in_the_terminal_stops_the_call_and_not_the_worker(tmp_path):
    body = """
    try:
        for piece in model.stream("forever"):
            print(piece, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print(model.infer("pid")["generated_text"], flush=True)"""
    with subprocess.Popen(
        script(tmp_path, body.strip()), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline().strip() == "forever"
        os.killpg(parent.pid, signal.SIGINT)  # as the terminal does: to every process of the foreground group
        lines = parent.stdout.read().splitlines()
    assert lines[-2].endswith("interrupted")
    assert lines[-1] == str(pid)
    assert parent.returncode == 0
    assert gone(pid)


def test_threads_that_wait_for_the_same_start_get_one_worker(model):
    first = model._engine.pid
    process = model._engine._process
    os.kill(first, signal.SIGKILL)
    while process.alive:  # its first thread is gone before the last one lets go of the pipes
        time.sleep(0.01)
    barrier = threading.Barrier(8)

    def ask(_):
        barrier.wait(60)
        return model.infer("pid")["generated_text"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
