"""The guard: what reaches a session is valid, what comes back is what was promised, whatever the runtime does."""

from __future__ import annotations

import base64
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hub.errors import (
    Cancelled,
    ContextOverflow,
    HubError,
    InferenceError,
    InputError,
    OptionError,
    PluginBroken,
    SessionClosed,
    UsageError,
)
from hub.runtime.protocols import Chat, Delta, Generate, Generated, Reply, Sampling, Session, Tensor
from hub.runtime.sessions.cancel import Cancel, cancellable
from hub.runtime.sessions.guard import guard

IDS = Tensor(name="input_ids", dtype="int64", shape=("batch", "sequence"))
MASK = Tensor(name="attention_mask", dtype="int64", shape=("batch", "sequence"))
PATCH = Tensor(name="pixels", dtype="float32", shape=("batch", 3))
HIDDEN = Tensor(name="hidden", dtype="float32", shape=("batch", 2))
POOLED = Tensor(name="pooled", dtype="float32", shape=("batch", 2))
ALL = frozenset({"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "schema", "eos", "suppress"})


class Fake(Session):
    """A session whose answer a test chooses."""

    def __init__(self, answer=None, *, concurrency=1, honours=ALL, inputs=(IDS, MASK), outputs=(HIDDEN, POOLED)):
        self.inputs = inputs
        self.outputs = outputs
        self.honours = frozenset(honours)
        self.concurrency = concurrency
        self.answer = answer
        self.seen = []
        self.closed = 0

    def run(self, feeds, wanted=None):
        self.seen.append((feeds, wanted))
        if callable(self.answer):
            return self.answer(feeds, wanted)
        return {"hidden": np.ones((1, 2), np.float32), "pooled": np.zeros((1, 2), np.float32)}

    def chat(self, request, emit):
        self.seen.append(request)
        if callable(self.answer):
            return self.answer(request, emit)
        return self.answer or Reply(text="ok", finish="stop", tokens=1, prompt_tokens=3)

    def generate(self, request, emit):
        self.seen.append(request)
        return self.answer(request, emit) if callable(self.answer) else self.answer

    def embed(self, texts):
        self.seen.append(texts)
        return self.answer(texts) if callable(self.answer) else self.answer

    def close(self):
        self.closed += 1


def ids(*shape, dtype=np.int64):
    return np.zeros(shape or (1, 4), dtype)


def feeds(**changes):
    return {"input_ids": ids(), "attention_mask": ids(), **changes}


def chat(**fields):
    return Chat(messages=({"role": "user", "content": "hello"},), **fields)


def more(_):
    return False


# feeds and outputs of `run`


def test_run_passes_feeds_that_fit_and_returns_the_outputs_in_declared_order():
    inner = Fake(lambda feeds, wanted: {"pooled": ids(1, 2, dtype=np.float32), "hidden": ids(1, 2, dtype=np.float32)})
    assert list(guard(inner, "run").run(feeds())) == ["hidden", "pooled"]
    assert list(inner.seen[0][0]) == ["input_ids", "attention_mask"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"input_ids": ids()}, "attention_mask: missing; expected attention_mask int64[batch, sequence]"),
        (feeds(token_type_ids=ids()), "token_type_ids: not an input"),
        (feeds(input_ids=ids(dtype=np.int32)), "input_ids: dtype int32; expected input_ids int64"),
        (feeds(input_ids=ids(dtype=">i8")), "input_ids: dtype >i8; expected"),
        (feeds(input_ids=[[1, 2]]), "input_ids: list is not an array"),
        (feeds(input_ids=ids(4)), "input_ids: 1 dimensions, [4]"),
        (feeds(attention_mask=ids(1, 5)), "attention_mask: 'sequence' is 5, but 4 in input_ids"),
        ({1: ids()}, "1: not an input"),
    ],
)
def test_run_refuses_feeds_that_do_not_fit_and_says_what_was_expected(given, said):
    inner = Fake()
    with pytest.raises(InputError) as caught:
        guard(inner, "run", backend="onnx").run(given)
    assert said in "\n".join((caught.value.message, *caught.value.details))
    assert "backend 'onnx'" in caught.value.message
    assert caught.value.hint == "It takes: input_ids int64[batch, sequence], attention_mask int64[batch, sequence]"
    assert not inner.seen


def test_run_names_every_fault_of_the_feeds_at_once():
    with pytest.raises(InputError) as caught:
        guard(Fake(), "run").run({"input_ids": ids(dtype=np.int32), "extra": ids()})
    assert len(caught.value.details) == 3


def test_run_refuses_a_size_other_than_the_fixed_one():
    session = guard(Fake(inputs=(PATCH,)), "run")
    with pytest.raises(InputError, match="pixels: 4 at axis 1; expected pixels float32\\[batch, 3\\]"):
        session.run({"pixels": np.zeros((1, 4), np.float32)})


def test_a_dimension_without_a_name_may_differ_between_feeds():
    free = [Tensor(name=name, dtype="int64", shape=("",)) for name in ("a", "b")]
    inner = Fake(inputs=free)
    guard(inner, "run").run({"a": ids(3), "b": ids(5)})
    assert len(inner.seen) == 1


def test_run_gives_the_runtime_contiguous_arrays_of_the_same_rank():
    inner = Fake(inputs=(IDS, Tensor(name="scale", dtype="float32", shape=())))
    turned = np.arange(6).reshape(3, 2).T
    guard(inner, "run").run({"input_ids": turned, "scale": np.float32(1)[...]})
    seen = inner.seen[0][0]
    assert seen["input_ids"].flags.c_contiguous
    assert (seen["input_ids"] == turned).all()
    assert seen["scale"].shape == ()


@pytest.mark.parametrize("wanted", ["hidden", [], ["logits"], [3], 3])
def test_run_refuses_wanted_names_that_are_no_outputs(wanted):
    with pytest.raises(InputError) as caught:
        guard(Fake(), "run").run(feeds(), wanted)
    assert caught.value.hint == "Outputs: hidden, pooled"


def test_run_gives_only_what_is_wanted():
    inner = Fake()
    assert list(guard(inner, "run").run(feeds(), ["pooled", "pooled"])) == ["pooled"]
    assert inner.seen[0][1] == ("pooled",)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"hidden": ids(1, 2, dtype=np.float32)}, "did not give 'pooled'"),
        ([ids()], "gave list and not a mapping"),
        ({"hidden": ids(1, 2), "pooled": ids(1, 2, dtype=np.float32)}, "output 'hidden' as int64; it declares hidden"),
        ({"hidden": [1.0], "pooled": ids(1, 2, dtype=np.float32)}, "output 'hidden' as list"),
    ],
)
def test_run_blames_the_backend_for_outputs_that_it_did_not_promise(found, said):
    with pytest.raises(PluginBroken, match=said):
        guard(Fake(lambda *_: found), "run").run(feeds())


@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_run_names_the_output_that_holds_nan_or_infinity(value, name):
    bad = {"hidden": np.ones((1, 2), np.float32), "pooled": np.array([[1, value]], np.float32)}
    with pytest.raises(InferenceError, match=rf"gave {name} in output 'pooled' \(1 of 2 values\)"):
        guard(Fake(lambda *_: bad), "run").run(feeds())


def test_run_lets_minus_infinity_and_empty_outputs_pass():
    given = {"hidden": np.full((1, 2), -np.inf, np.float32), "pooled": np.zeros((0, 2), np.float32)}
    assert guard(Fake(lambda *_: given), "run").run(feeds())["hidden"][0, 0] == -np.inf


# requests of `chat` and `generate`


@pytest.mark.parametrize(
    "request_",
    [
        Chat(),
        Chat(messages=({"role": "user", "content": "a"},), prompt="b"),
        Chat(messages=({"role": "", "content": "a"},)),
        Chat(messages=({"role": "user"},)),
        Chat(messages=({"role": "user", "content": None},)),
        Chat(messages=({"role": 1, "content": "a"},)),
        Chat(messages=({"role": "user", "content": "a", "images": []},)),
        Chat(messages=("hello",)),
        Chat(prompt=5),
        Chat(prompt="\ud800"),
        "hello",
    ],
)
def test_chat_refuses_what_is_no_conversation(request_):
    inner = Fake()
    with pytest.raises(InputError):
        guard(inner, "chat").chat(request_, more)
    assert not inner.seen


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -5.0),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", "hot"),
        ("temperature", True),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("top_k", -1),
        ("top_k", 2.0),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("seed", -1),
        ("seed", 2**32),
        ("seed", 0.5),
    ],
)
def test_sampling_out_of_range_is_refused_by_name(name, value):
    inner = Fake()
    with pytest.raises(OptionError, match=name):
        guard(inner, "chat").chat(chat(sampling=Sampling(**{name: value})), more)
    with pytest.raises(OptionError, match=name):
        guard(inner, "generate").generate(Generate(prompts=((1,),), sampling=Sampling(**{name: value})), more)
    assert not inner.seen


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0, top_p=1, top_k=0, max_tokens=1, seed=0),
        Sampling(temperature=2.5, top_p=0.01, top_k=40, max_tokens=10**6, seed=2**32 - 1),
    ],
)
def test_sampling_at_the_limits_is_taken(sampling):
    assert guard(Fake(), "chat").chat(chat(sampling=sampling), more).text == "ok"


@pytest.mark.parametrize("stop", ["end", ("",), (3,)])
def test_stop_is_a_sequence_of_texts_that_are_not_empty(stop):
    with pytest.raises(OptionError, match="stop"):
        guard(Fake(), "chat").chat(chat(stop=stop), more)


@pytest.mark.parametrize("schema", ["{}", {"type": object()}, {"maximum": float("nan")}])
def test_schema_is_a_json_object(schema):
    with pytest.raises(OptionError, match="schema"):
        guard(Fake(), "chat").chat(chat(schema=schema), more)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"sampling": Sampling(seed=0)}, "seed=0"),
        ({"sampling": Sampling(temperature=0.5)}, "temperature=0.5"),
        ({"sampling": Sampling(max_tokens=3)}, "max_tokens=3"),
        ({"stop": ("x",)}, "stop="),
        ({"schema": {}}, "schema={}"),
    ],
)
def test_a_field_that_the_session_does_not_honour_is_refused_and_names_the_backend(fields, name):
    inner = Fake(honours={"top_k"})
    with pytest.raises(OptionError) as caught:
        guard(inner, "chat", backend="toy").chat(chat(**fields), more)
    assert name in caught.value.message
    assert "backend 'toy' does not honour" in caught.value.message
    assert caught.value.hint == "It honours: top_k"
    assert not inner.seen


def test_defaults_are_not_refused_by_a_session_that_honours_nothing():
    assert guard(Fake(honours=()), "chat").chat(chat(), more).text == "ok"


@pytest.mark.parametrize("prompts", [(), ((),), ((-1,),), ((1.0,),), ((True,),), ("ab",), (3,), ((1,), ("2",))])
def test_generate_refuses_prompts_that_are_no_token_ids(prompts):
    with pytest.raises(InputError):
        guard(Fake(), "generate").generate(Generate(prompts=prompts), more)


def test_generate_refuses_ids_to_suppress_that_the_session_does_not_honour():
    with pytest.raises(OptionError, match="suppress"):
        guard(Fake(honours=()), "generate").generate(Generate(prompts=((1,),), suppress=(2,)), more)


def test_generate_refuses_feeds_that_are_no_inputs():
    with pytest.raises(InputError, match="pixels: not an input"):
        guard(Fake(inputs=()), "generate").generate(Generate(prompts=((1,),), feeds={"pixels": ids()}), more)


@pytest.mark.parametrize("texts", ["one", [], [1], ["\udcff"], None])
def test_embed_refuses_anything_but_a_list_of_texts(texts):
    inner = Fake()
    with pytest.raises(InputError):
        guard(inner, "embed").embed(texts)
    assert not inner.seen


def test_a_verb_that_the_session_was_not_opened_for_is_refused():
    inner = Fake()
    session = guard(inner, "run", backend="toy")
    with pytest.raises(UsageError, match="backend 'toy' was opened for 'run' and cannot answer 'chat'"):
        session.chat(chat(), more)
    for call in (lambda: session.embed(["a"]), lambda: session.generate(Generate(prompts=((1,),)), more)):
        with pytest.raises(UsageError, match="was opened for 'run'"):
            call()
    assert not inner.seen


# answers


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(text="a", finish="eos", tokens=1, prompt_tokens=1), "finish is 'eos'"),
        (Reply(text=None, finish="stop", tokens=1, prompt_tokens=1), "text is NoneType"),
        (Reply(text="a", finish="stop", tokens=-1, prompt_tokens=1), "tokens counts -1"),
        (Reply(text="a", finish="stop", tokens=9, prompt_tokens=1), "tokens counts 9, and max_tokens is 4"),
        (Reply(text="a", finish="stop", tokens=1, prompt_tokens=None), "prompt_tokens counts None"),
        ("a", "gave str and not a Reply"),
    ],
)
def test_a_reply_that_breaks_the_contract_is_the_backends_fault(reply, said):
    with pytest.raises(PluginBroken, match=said):
        guard(Fake(reply), "chat").chat(chat(sampling=Sampling(max_tokens=4)), more)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "gave 0 results for 2 prompts"),
        (None, "gave NoneType results for 2 prompts"),
        ([Generated(ids=(1,), finish="stop", prompt_tokens=1), 3], "result 1 is int and not Generated"),
        ([Generated(ids=(1,), finish="x", prompt_tokens=1)] * 2, "result 1: finish is 'x'"),
    ],
)
def test_generated_ids_that_break_the_contract_are_the_backends_fault(found, said):
    with pytest.raises(PluginBroken, match=said):
        guard(Fake(found, inputs=()), "generate").generate(Generate(prompts=((1,), (2,))), more)


@pytest.mark.parametrize(
    "vectors",
    [
        [[1.0]],
        np.ones((1, 2), np.float64),
        np.ones((2, 2), np.float32),
        np.ones(2, np.float32),
        np.ones((1, 0), np.float32),
    ],
)
def test_vectors_of_another_shape_or_dtype_are_the_backends_fault(vectors):
    with pytest.raises(PluginBroken, match=r"expected float32|not an array"):
        guard(Fake(vectors), "embed").embed(["a"])


def test_the_text_whose_vector_is_not_finite_is_named():
    vectors = np.ones((3, 2), np.float32)
    vectors[1, 0] = -np.inf
    with pytest.raises(InferenceError, match="vector of text 1"):
        guard(Fake(vectors), "embed").embed(["a", "b", "c"])


@pytest.mark.parametrize("concurrency", [0, True, None, 1.5])
def test_a_session_without_a_valid_concurrency_is_the_backends_fault(concurrency):
    with pytest.raises(PluginBroken) as caught:
        guard(Fake(concurrency=concurrency), "run")
    assert "concurrency" in caught.value.details[0]


def test_what_is_no_session_is_the_backends_fault():
    for given in (None, object(), Session()):
        with pytest.raises(PluginBroken):
            guard(given, "run")


# exceptions


def test_a_foreign_exception_becomes_an_inference_error_from_the_original():
    def fail(feeds, wanted):
        raise ZeroDivisionError("by zero")

    with pytest.raises(InferenceError, match="backend 'toy' failed: ZeroDivisionError: by zero") as caught:
        guard(Fake(fail), "run", backend="toy").run(feeds())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_of_ours_passes_as_it_is():
    overflow = ContextOverflow("too long")

    def fail(request, emit):
        raise overflow

    with pytest.raises(ContextOverflow) as caught:
        guard(Fake(fail), "chat").chat(chat(), more)
    assert caught.value is overflow


def swallowing(request, emit):
    """As a native runtime: what the callback raises is lost, and the loop looks at its answer only."""
    pieces = 0
    for _ in range(10):
        try:
            stop = emit(Delta(text="a"))
        except BaseException:
            stop = False
        if stop:
            return Reply(text="a" * pieces, finish="cancelled", tokens=pieces, prompt_tokens=1)
        pieces += 1
    return Reply(text="a" * pieces, finish="stop", tokens=pieces, prompt_tokens=1)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_the_callback_raises_stops_the_generation_and_comes_out(kind):
    calls = []

    def emit(delta):
        calls.append(delta)
        if len(calls) == 3:
            raise kind("enough")

    with pytest.raises(kind, match="enough"):
        guard(Fake(swallowing), "chat").chat(chat(), emit)
    assert len(calls) == 3


def test_what_the_callback_raises_wins_over_what_the_runtime_makes_of_it():
    def wrapping(request, emit):
        if emit(Delta(text="a")):
            raise RuntimeError("callback failed")

    def emit(delta):
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        guard(Fake(wrapping), "chat").chat(chat(), emit)
    assert isinstance(caught.value.__cause__, InferenceError)


def test_true_from_the_callback_stops_and_it_is_not_called_again():
    calls = []

    def deaf(request, emit):
        answers = [emit(Delta(text="a")) for _ in range(5)]
        assert answers == [False, True, True, True, True]
        return Reply(text="aa", finish="cancelled", tokens=2, prompt_tokens=1)

    def emit(delta):
        calls.append(delta)
        return len(calls) == 2

    assert guard(Fake(deaf), "chat").chat(chat(), emit).finish == "cancelled"
    assert len(calls) == 2


@pytest.mark.parametrize("delta", ["text", Delta(index=1, text="a"), Delta(index=-1)])
def test_a_delta_that_breaks_the_contract_is_the_backends_fault(delta):
    def wrong(request, emit):
        emit(delta)
        return Reply(text="", finish="stop", tokens=0, prompt_tokens=1)

    with pytest.raises(PluginBroken, match="emitted"):
        guard(Fake(wrong), "chat").chat(chat(), more)


def test_a_failed_request_does_not_keep_the_next_one_out():
    inner = Fake(lambda *_: 1 / 0)
    session = guard(inner, "run")
    with pytest.raises(InferenceError):
        session.run(feeds())
    inner.answer = None
    assert session.run(feeds())


# turns and closing


class Slow(Fake):
    """Holds each call until it is let go, and counts those inside."""

    def __init__(self, concurrency=1):
        super().__init__(concurrency=concurrency)
        self.go = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self.inside = self.most = 0
        self.order = []
        self.lock = threading.Lock()

    def embed(self, texts):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.order.append(texts[0])
        self.entered.release()
        self.go.acquire(timeout=60)
        with self.lock:
            self.inside -= 1
        return np.ones((len(texts), 2), np.float32)


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_calls_than_concurrency_are_inside(limit):
    inner = Slow(limit)
    session = guard(inner, "embed")
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(session.embed, ["a"]) for _ in range(20)]
        for _ in range(limit):
            assert inner.entered.acquire(timeout=60)
        inner.go.release(20)
        assert all(call.result(60).shape == (1, 2) for call in calls)
    assert inner.most == limit


def queued(session, count):
    """Wait until so many callers wait for their turn."""
    while len(session._gate._queue) < count:
        time.sleep(0.001)


def test_callers_that_wait_are_let_in_in_order():
    inner = Slow()
    session = guard(inner, "embed")
    threads = []
    for name in "abcdef":
        threads.append(threading.Thread(target=session.embed, args=([name],)))
        threads[-1].start()
        if name == "a":
            assert inner.entered.acquire(timeout=60)
        else:
            queued(session, len(threads) - 1)
    inner.go.release(6)
    for thread in threads:
        thread.join(60)
    assert inner.order == list("abcdef")


def test_a_caller_that_is_cancelled_while_it_waits_leaves_the_queue():
    inner = Slow()
    session = guard(inner, "embed")
    cancel = Cancel()

    def wait():
        with cancellable(cancel):
            session.embed(["b"])

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(session.embed, ["a"])
        assert inner.entered.acquire(timeout=60)
        second = pool.submit(wait)
        queued(session, 1)
        cancel.set()
        with pytest.raises(Cancelled):
            second.result(60)
        inner.go.release()
        assert first.result(60).shape == (1, 2)
    assert inner.order == ["a"]


def test_a_session_that_is_called_from_its_own_callback_says_so_instead_of_hanging():
    session = guard(Fake(lambda request, emit: emit(Delta(text="a"))), "chat")
    with pytest.raises(UsageError, match="inside its own callback"):
        session.chat(chat(), lambda delta: session.chat(chat(), more))


def test_use_after_close_is_refused_and_the_inner_session_is_closed_once():
    inner = Fake()
    session = guard(inner, "run", backend="toy")
    session.close()
    session.close()
    with pytest.raises(SessionClosed, match="backend 'toy' is closed"):
        session.run(feeds())
    assert inner.closed == 1
    assert not inner.seen
    assert "closed" in repr(session)


def test_close_waits_for_the_running_call_and_refuses_those_that_wait():
    inner = Slow()
    session = guard(inner, "embed")
    with ThreadPoolExecutor(4) as pool:
        running = pool.submit(session.embed, ["a"])
        assert inner.entered.acquire(timeout=60)
        waiting = pool.submit(session.embed, ["b"])
        queued(session, 1)
        closings = [pool.submit(session.close) for _ in range(2)]
        with pytest.raises(SessionClosed):
            waiting.result(60)
        assert inner.closed == 0
        assert not any(closing.done() for closing in closings)
        inner.go.release()
        for closing in closings:
            closing.result(60)
        assert running.result(60).shape == (1, 2)
    assert inner.closed == 1


def test_close_from_a_callback_takes_effect_when_the_call_ends():
    inner = Fake(swallowing)
    session = guard(inner, "chat")

    def emit(delta):
        session.close()
        assert inner.closed == 0

    assert session.chat(chat(), emit).finish == "stop"
    assert inner.closed == 1
    with pytest.raises(SessionClosed):
        session.chat(chat(), more)


def test_a_close_that_fails_is_said_and_the_session_stays_closed():
    inner = Fake()
    inner.close = lambda: 1 / 0
    session = guard(inner, "run")
    with pytest.raises(InferenceError, match="could not close"):
        session.close()
    session.close()
    with pytest.raises(SessionClosed):
        session.run(feeds())


def test_errors_of_the_guard_pickle_with_hint_and_details():
    with pytest.raises(HubError) as caught:
        guard(Fake(), "run").run({})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.message, copy.hint, copy.details) == (caught.value.message, caught.value.hint, caught.value.details)


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = {"role": "user", "content": "Hi"}
URL = "data:image/png;base64," + base64.b64encode(b"picture").decode()
SEEN = {**USER, "parts": [{"type": "image_url", "image_url": {"url": URL}}]}
EVERYTHING = ALL | {"tools", "top_logprobs", "images", "presence_penalty", "frequency_penalty", "logit_bias"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sampling": Sampling(presence_penalty=1.0)}, "presence_penalty=1.0"),
        ({"sampling": Sampling(frequency_penalty=-1.0)}, "frequency_penalty=-1.0"),
        ({"sampling": Sampling(logit_bias={1: 2.0})}, "logit_bias"),
        ({"tools": (TOOL,)}, "tools"),
        ({"top_logprobs": 0}, "top_logprobs=0"),
        ({"messages": (SEEN,)}, "holds images"),
        ({"messages": (USER, {"role": "assistant", "content": "", "tool_calls": [CALL]})}, "holds calls of tools"),
        ({"messages": (USER, {"role": "tool", "content": "1", "tool_call_id": "a"})}, "holds calls of tools"),
    ],
)
def test_what_newer_requests_ask_is_refused_by_a_session_of_before_and_passed_by_one_that_honours_it(changes, told):
    request = Chat(**{"messages": (USER,), **changes})
    with pytest.raises((OptionError, InputError), match=told):
        guard(Fake(), "chat").chat(request, more)
    inner = Fake(Reply(text="ok", finish="stop", tokens=1, prompt_tokens=1), honours=EVERYTHING)
    guard(inner, "chat").chat(request, more)
    assert inner.seen == [request]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tool_choice": "perhaps"}, "tool_choice is 'auto', 'none' or 'required'"),
        ({"tool_choice": "required"}, "there are no tools"),
        ({"tools": ({"type": "web"},)}, r"tools\[0\] is a function"),
        ({"tools": ({"type": "function", "function": {"name": ""}},)}, "name is empty"),
        ({"top_logprobs": -1}, "top_logprobs is an integer"),
        ({"sampling": Sampling(logit_bias={"a": 1.0})}, "logit_bias maps 'a'"),
        ({"sampling": Sampling(presence_penalty=float("nan"))}, "presence_penalty is a number"),
        ({"messages": ({**USER, "parts": [{"type": "image_url", "image_url": {"url": "file:///a"}}]},)}, "is fetched"),
        ({"messages": ({**USER, "parts": [{"type": "image_url", "image_url": {"url": URL + "!"}}]},)}, "no base64"),
        ({"messages": ({**USER, "parts": "Hi"},)}, "parts is a list"),
        ({"messages": ({**USER, "tool_calls": [{"id": "a"}]},)}, r"tool_calls\[0\] is a call"),
        ({"messages": (), "prompt": "Hi", "tools": (TOOL,)}, "tools need a conversation"),
    ],
)
def test_what_is_no_tool_picture_or_bias_is_named(changes, told):
    with pytest.raises((OptionError, InputError), match=told):
        guard(Fake(honours=EVERYTHING), "chat").chat(Chat(**{"messages": (USER,), **changes}), more)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"tool_calls": (CALL,)}, "none to call"),
        ({"logprobs": ({"token": "a", "bytes": [97], "logprob": -1.0},)}, "nobody asked for"),
    ],
)
def test_answers_to_what_was_not_asked_break_the_contract(reply, told):
    inner = Fake(Reply(text="ok", finish="stop", tokens=1, prompt_tokens=1, **reply), honours=EVERYTHING)
    with pytest.raises(PluginBroken, match=told):
        guard(inner, "chat").chat(chat(), more)


def test_a_session_says_why_it_declines():
    inner = Fake()
    inner.declines = {"tools": "it knows none"}
    with pytest.raises(OptionError, match="tools: it knows none"):
        guard(inner, "chat").chat(Chat(messages=(USER,), tools=(TOOL,)), more)
