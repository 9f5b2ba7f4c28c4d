"""Who comes when: the queue is bounded and fair, and what is alike is answered as one."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import pytest

from hub.errors import HubError, InputError, WorkerDied
from hub.runtime.protocols import Delta
from hub.runtime.workers.process import DEAF
from hub.server.faults import Fault
from hub.server.models.call import Call
from hub.server.models.fair import FairQueue
from hub.server.models.schedule import Limits, Schedule


@dataclass(frozen=True)
class Waiter:
    client: str
    number: int
    priority: int = 0


def order(*waiters):
    queue = FairQueue(100)
    for waiter in waiters:
        queue.put(waiter)
    return [(waiter.client, waiter.number) for waiter in (queue.take() for _ in range(len(queue)))]


def test_clients_take_turns_and_each_ones_requests_keep_their_order():
    waiters = [Waiter("a", 1), Waiter("a", 2), Waiter("a", 3), Waiter("b", 1), Waiter("c", 1), Waiter("b", 2)]
    assert order(*waiters) == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2), ("a", 3)]


def test_the_urgent_come_first():
    assert order(Waiter("a", 1), Waiter("b", 1, 5), Waiter("c", 1, -1)) == [("b", 1), ("a", 1), ("c", 1)]


def test_who_leaves_the_queue_is_not_called():
    queue = FairQueue(2)
    first, second = Waiter("a", 1), Waiter("b", 1)
    queue.put(first)
    queue.put(second)
    assert queue.full
    assert queue.remove(first)
    assert not queue.remove(first)
    assert [queue.take()] == [second]
    assert not queue


class Model:
    """Gives each text back in capitals, remembers its batches, and waits where it is told to."""

    def __init__(self):
        self.batches = []
        self.go = threading.Event()

    def begin(self, orders):
        for order in orders:
            threading.Thread(target=self.follow, args=(order,)).start()

    def follow(self, order):
        try:
            order.ended(self.answer(order.inputs))
        except HubError as error:
            order.ended(error)

    def answer(self, inputs):
        self.batches.append(list(inputs))
        if "wait" in inputs:
            self.go.wait(30)
        if "bad" in inputs:
            raise InputError("this one is bad")
        return [text.upper() for text in inputs]


def live(model, limits, story):
    async def told():
        schedule = Schedule(model, limits)
        try:
            return await story(schedule)
        finally:
            model.go.set()
            await schedule.until_idle()
            schedule.close()

    return asyncio.run(told())


def test_what_waits_meanwhile_is_answered_as_one():
    model = Model()

    async def story(schedule):
        calls = [Call([text], {}) for text in ("wait", "a", "b", "c")]
        other = Call(["d"], {"normalize": False})
        for call in (*calls, other):
            schedule.add(call)
        model.go.set()
        return [(await call.answer())[0] for call in (*calls, other)]

    assert live(model, Limits(slots=1, queue=10, batch=8), story) == ["WAIT", "A", "B", "C", "D"]
    assert model.batches == [["wait"], ["a", "b", "c"], ["d"]]


class Talking:
    """Says the letters of two calls, one of each in every step, and begins the next step when all have been heard."""

    def __init__(self):
        self.orders = []
        self.loop = asyncio.get_running_loop()

    def begin(self, orders):
        self.orders += orders
        if len(self.orders) == 2:
            threading.Thread(target=self.say).start()

    def say(self):
        for letters in zip(*(order.inputs[0] for order in self.orders), strict=True):
            for order, letter in zip(self.orders, letters, strict=True):
                order.emit(Delta(text=letter))
            for ring in {order.ring for order in self.orders}:
                ring()
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(30)
        for order in self.orders:
            order.ended([order.inputs[0]])


def test_the_pieces_of_all_calls_come_in_order_and_the_loop_is_woken_once_for_a_step(monkeypatch):
    texts, woken = ["abcdef", "uvwxyz"], []

    async def read(call):
        return "".join([delta.text async for some in call.deltas() for delta in some])

    async def story():
        loop = asyncio.get_running_loop()
        real = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *given: (woken.append(given), real(*given))[1])
        schedule = Schedule(Talking(), Limits(slots=2, queue=10))
        calls = [Call([text], {}, told=True) for text in texts]
        for call in calls:
            schedule.add(call)
        try:
            return await asyncio.wait_for(asyncio.gather(*map(read, calls)), 60)
        finally:
            schedule.close()

    assert asyncio.run(story()) == texts
    assert len(woken) == 6 * 2 + 2  # each step, each question whether it was heard, and both ends


def test_of_a_batch_that_is_refused_each_is_tried_alone():
    model = Model()

    async def story(schedule):
        calls = [Call([text], {}) for text in ("wait", "a", "bad", "c")]
        for call in calls:
            schedule.add(call)
        model.go.set()
        return await asyncio.gather(*(call.answer() for call in calls), return_exceptions=True)

    found = live(model, Limits(slots=1, queue=10, batch=8), story)
    assert [found[0], found[1], found[3]] == [["WAIT"], ["A"], ["C"]]
    assert isinstance(found[2], InputError)


@pytest.mark.parametrize(("line", "times"), [(f"{DEAF} within 5 s", 2), ("out of memory", 1)])
def test_who_suffered_by_anothers_request_is_tried_again(line, times):
    class Dying(Model):
        def answer(self, inputs):
            answer = super().answer(inputs)
            if len(self.batches) == 1:
                raise WorkerDied("the worker ended", details=["a line", line])
            return answer

    model = Dying()

    async def story(schedule):
        schedule.add(call := Call(["a"], {}))
        return await asyncio.gather(call.answer(), return_exceptions=True)

    [found] = live(model, Limits(slots=1, queue=10), story)
    assert found == ["A"] if times == 2 else isinstance(found, WorkerDied)
    assert model.batches == [["a"]] * times


def test_a_batch_waits_a_moment_for_more():
    model = Model()

    async def story(schedule):
        schedule.add(first := Call(["a"], {}))
        await asyncio.sleep(0)
        schedule.add(second := Call(["b"], {}))
        return await asyncio.gather(first.answer(), second.answer())

    assert live(model, Limits(slots=1, queue=10, batch=8, wait=0.2), story) == [["A"], ["B"]]
    assert model.batches == [["a", "b"]]


def test_a_batch_is_not_larger_than_allowed():
    model = Model()

    async def story(schedule):
        calls = [Call(["wait"], {}), *(Call([f"{place}a", f"{place}b"], {}) for place in range(3))]
        for call in calls:
            schedule.add(call)
        model.go.set()
        return await asyncio.gather(*(call.answer() for call in calls))

    live(model, Limits(slots=1, queue=10, batch=4), story)
    assert [len(batch) for batch in model.batches] == [1, 4, 2]


def test_what_is_given_up_in_the_queue_is_never_computed():
    model = Model()

    async def story(schedule):
        calls = [Call([text], {}) for text in ("wait", "a")]
        for call in calls:
            schedule.add(call)
        calls[1].give_up()
        model.go.set()
        await calls[0].answer()
        assert schedule.waiting == 0
        with pytest.raises(Exception, match="was cancelled"):
            await calls[1].answer()

    live(model, Limits(slots=1, queue=10, batch=1), story)
    assert model.batches == [["wait"]]


def test_more_than_may_wait_is_refused_and_time_runs_out():
    model = Model()

    async def story(schedule):
        schedule.add(Call(["wait"], {}))
        schedule.add(late := Call(["a"], {}, deadline=0.05))
        with pytest.raises(Fault) as caught:
            schedule.add(Call(["b"], {}))
        assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "1"})
        with pytest.raises(Fault, match="not answered within"):
            await late.answer()

    live(model, Limits(slots=1, queue=1, batch=1), story)
