"""A process that answers for its parent: started without the parent's `__main__`, heard until it ends, ended if deaf.

Knows nothing of models: it carries the messages of `hub.runtime.workers.wire`.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe

from hub.errors import HubError, InferenceError, InputError, WorkerDied
from hub.runtime.sessions.threads import borrow
from hub.runtime.workers.inbox import Taker
from hub.runtime.workers.wire import (
    Answer,
    Ask,
    Beat,
    Cancelling,
    Close,
    Failure,
    Logged,
    Open,
    Piece,
    Ready,
    RemoteTraceback,
)

__all__ = ["DEAF", "GRACE", "WorkerProcess"]

GRACE = 5.0
"""Seconds that a request, or the process, is given to end by itself before the process is killed."""

DEAF = "ended because a request that was cancelled did not stop"
"""How the line begins that says that a process was ended for one request: the others did nothing wrong."""

BEATS = 4
"""Questions that a process may leave without an answer before it counts as hung."""

UNSENT = "the input cannot be sent to another process"

LINES = 12
"""Lines of the process's output that an error quotes."""

BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from importlib import import_module; import_module(sys.argv[3]).main(int(sys.argv[1]))"
)


class WorkerProcess:
    """One process and the requests that it has not answered yet.

    Parameters
    ----------
    name
        What messages call it.
    module
        What the process runs: its `main` takes the descriptor of the socket.
    patience
        Seconds without a sign of life after which an open process counts as hung and is ended; 0 waits for ever.
    """

    def __init__(self, name: str, module: str = "hub.runtime.workers.worker", *, patience: float = 0.0) -> None:
        self._name = name
        self._patience = patience
        self._heard = False
        self._gone = threading.Event()
        self._connection, theirs = Pipe()
        self._sentinel, held = Pipe(duplex=False)  # at its end as soon as the process is gone
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._pending: dict[int, Taker] = {}
        self._timers: dict[int, threading.Timer] = {}
        self._deaf = False
        self._log: deque[str] = deque(maxlen=100)
        boot = [sys.executable, "-X", "faulthandler", "-c", BOOT]
        command = [*boot, str(theirs.fileno()), json.dumps(sys.path), module]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno(), held.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C in the terminal is for the parent
            )
        except OSError as error:
            self._connection.close()
            raise WorkerDied(f"{name} could not be started: {error}") from error
        finally:
            theirs.close()
            held.close()
        self._logger = threading.Thread(target=self._read_log, name="hub-worker-log", daemon=True)
        self._logger.start()

    @property
    def alive(self) -> bool:
        """Whether it takes requests."""
        return not self._deaf and not self._sentinel.poll()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def open(self, order: Open) -> None:
        """Have the model opened, and raise what that raises there."""
        try:
            self._connection.send(order)
            while isinstance(answer := self._connection.recv(), Logged):
                _log(answer, self._name)
        except (EOFError, OSError) as error:
            raise self._died() from error
        except BaseException:
            self.kill()
            raise
        if isinstance(answer, Failure):
            self.kill()
            raise answer.error from RemoteTraceback(answer.trace)
        assert isinstance(answer, Ready)
        threading.Thread(target=self._listen, name="hub-worker", daemon=True).start()
        if self._patience > 0:
            threading.Thread(target=self._watch, name="hub-worker-beat", daemon=True).start()

    def ask(self, requests: Sequence[tuple[Ask, Taker]]) -> None:
        """Send requests, together; each one's taker hears of it, also of what it fails by before it is sent."""
        with self._state:
            self._pending.update((ask.number, taker) for ask, taker in requests)
        try:
            self._send([ask for ask, _ in requests])
        except (OSError, ValueError):
            pass  # it has died: the listener says so to every taker
        except Exception as error:
            if len(requests) > 1:
                for request in requests:
                    self.ask([request])
                return
            kind = (
                InputError if isinstance(error, RecursionError) else InferenceError
            )  # a stranger may nest without end
            self._deliver(Failure(requests[0][0].number, kind(f"{UNSENT}: {error}"), ""))
        if not self.alive:
            self._fail_all()

    def end(self, number: int, *, keep: bool = False) -> None:
        """Ask for the early end of a request. If it does not come in time, the process is ended with all it does.

        Does not wait, whatever is being sent now.
        """
        with self._state:
            if number not in self._pending or number in self._timers:
                return
            timer = threading.Timer(GRACE, self._give_up, args=(number,))
            timer.daemon = True
            self._timers[number] = timer
            timer.start()
        borrow(partial(self._say, Cancelling(number, keep)))

    def close(self) -> None:
        """Have the model closed and the process ended; killed if that takes too long."""
        try:
            self._send(Close())
            self._process.wait(GRACE)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self) -> None:
        """End the process now, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self._logger.join(timeout=1)

    def _send(self, message: object) -> None:
        with self._sending:
            self._connection.send(message)

    def _say(self, message: object) -> None:
        with suppress(OSError):
            self._send(message)

    def _listen(self) -> None:
        try:
            while True:
                message = self._connection.recv()
                self._heard = True
                if isinstance(message, list):
                    self._hand_on(message)
                elif isinstance(message, Logged):
                    _log(message, self._name)
                elif not isinstance(message, Beat):
                    self._deliver(message)
        except (EOFError, OSError):
            pass
        except Exception as error:
            self._log.append(f"its answer cannot be read: {type(error).__name__}: {error}")
        self._deaf = True
        self._gone.set()
        self.kill()
        self._fail_all()
        with self._sending:
            self._connection.close()

    def _hand_on(self, pieces: list[Piece]) -> None:
        rings = set()
        for piece in pieces:
            taker = self._pending.get(piece.number)
            if taker is not None:
                taker.piece(piece)
                rings.add(taker.ring)
        for ring in rings:
            ring()

    def _deliver(self, message: Answer | Failure) -> None:
        with self._state:
            taker = self._pending.pop(message.number, None)
            timer = self._timers.pop(message.number, None)
        if timer is not None:
            timer.cancel()
        if taker is not None:
            taker.end(message)

    def _watch(self) -> None:
        """Ask now and then whether the process is there.

        Answers are missed one by one, not by the clock: after this machine, or this process, was stopped itself, the
        other one gets its time again.
        """
        missed = 0
        while not self._gone.wait(self._patience / BEATS):
            missed, self._heard = (0 if self._heard else missed + 1), False
            if missed > BEATS:
                self._log.append(f"ended because it gave no sign of life for {self._patience:g} s")
                self._deaf = True
                self._process.kill()
                return
            if self._sending.acquire(blocking=False):  # else it is being written to, and that is question enough
                try:
                    self._connection.send(Beat())
                except OSError:
                    return  # it has died: the listener says so
                finally:
                    self._sending.release()

    def _give_up(self, number: int) -> None:
        with self._state:
            late = number in self._pending
        if late:
            self._log.append(f"{DEAF} within {GRACE:g} s")
            self._deaf = True
            self._process.kill()

    def _fail_all(self) -> None:
        error = self._died()
        with self._state:
            pending, self._pending = self._pending, {}
            timers, self._timers = self._timers, {}
        for timer in timers.values():
            timer.cancel()
        for number, taker in pending.items():
            taker.end(Failure(number, error, ""))

    def _died(self) -> HubError:
        self.kill()
        code = self._process.returncode
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        memory = code == -signal.SIGKILL and not self._deaf
        return WorkerDied(
            f"{self._name} ended before it answered ({how})",
            hint="The machine may be out of memory: see hub plan" if memory else "The next call starts a new one",
            details=_last_words(list(self._log)),
        )

    def _read_log(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._log.append(line.decode(errors="replace").rstrip())


def _log(message: Logged, worker: str) -> None:
    logging.getLogger(message.logger).log(message.level, "%s", message.text, extra={"worker": worker})


def _last_words(log: list[str]) -> tuple[str, ...]:
    """What a person needs of the output: from the fatal error on, else the last lines."""
    fatal = next((index for index, line in enumerate(log) if line.startswith("Fatal Python error")), None)
    return tuple(log[-LINES:] if fatal is None else log[max(0, fatal - LINES // 2) : fatal + LINES // 2])
