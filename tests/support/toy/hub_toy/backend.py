"""A runtime that obeys the prompt: it streams its words, or fails in the way that it says."""

import itertools
import logging
import os
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hub.errors import ContextOverflow
from hub.runtime.protocols import Delta, Reply, Session

ENV_AT_IMPORT = {name: os.environ.get(name) for name in ("HUB_TOY_THREADS", "HUB_TOY_KEPT")}
OPENED = []


class Toy(Session):
    honours = frozenset({"max_tokens"})
    concurrency = 2

    def __init__(self, request):
        self.request = request
        self.closed = 0
        OPENED.append(self)

    def chat(self, request, emit):
        words = (request.messages[-1]["content"] if request.prompt is None else request.prompt).split()
        told = words[0] if words else ""
        if told == "warn":
            logging.getLogger("hub_toy").warning("careful, %s", words[1])
            warnings.warn("and mind the step", stacklevel=1)
        if told == "raise":
            raise ZeroDivisionError("told to")
        if told == "overflow":
            raise ContextOverflow("the prompt is too long", hint="Shorten it", details=["9000 of 8192 tokens"])
        if told == "exit":
            raise SystemExit(3)
        if told == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if told == "crash":
            os.abort()
        if told == "deaf":
            for word in words[1:]:
                emit(Delta(text=word))
            time.sleep(600)
        if told == "aside":
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.say, words, request, emit).result()
        return self.say(words, request, emit)

    def say(self, words, request, emit):
        told = words[0] if words else ""
        said, finish = [], "stop"
        for each in itertools.cycle(words) if told in ("forever", "steadily") else words:
            word = str(os.sched_getscheduler(0)) if each == "policy" else each
            said.append(word)
            if told == "steadily":
                time.sleep(0.02)  # as fast as people read, or a browser that shares two processors with much else
            if emit(Delta(text=f" {word}" if len(said) > 1 else word)):
                finish = "cancelled"
                break
            if len(said) == request.sampling.max_tokens:
                finish = "length"
                break
        return Reply(text=" ".join(said), finish=finish, tokens=len(said), prompt_tokens=len(words))

    def embed(self, texts):
        return np.array([[len(text), len(text.split())] for text in texts], np.float32)

    def close(self):
        self.closed += 1


def open_toy(request):
    if request.options["fail"] == request.part and request.part:
        raise OSError(f"no room for {request.part}")
    if request.options["fail"] == "die":
        print("the runtime gives up", flush=True)
        os.abort()
    return Toy(request)
