"""What every interface calls: begin an answer of a model for a caller, and have it counted when it ends.

Knows models, callers and books; knows no interface.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.errors import Cancelled
from hub.registry.schema import Model
from hub.runtime.options import resolve_options
from hub.runtime.protocols import Delta
from hub.runtime.references.target import Target
from hub.server.access.database import Database
from hub.server.access.guard import Caller, Guard
from hub.server.access.metering import Metering
from hub.server.faults import Fault, fault_of
from hub.server.insight.meters import Meters
from hub.server.insight.records import Recent
from hub.server.models.call import Call
from hub.server.models.lookup import Lookup
from hub.server.models.manager import Manager
from hub.server.models.names import Served
from hub.server.models.running import Running
from hub.server.pulls import Pulls
from hub.server.settings import Settings
from hub.server.web import ClientDisconnect, Request, until_gone, watched

if TYPE_CHECKING:
    from hub.server.insight.tracing import Tracing

__all__ = ["Answering", "Service", "caller_of"]

_LOG = logging.getLogger("hub.server")


class Service:
    """One server, as its interfaces see it."""

    def __init__(
        self, settings: Settings, database: Database, token: str, recent: Recent, tracing: Tracing | None = None
    ) -> None:
        self.settings = settings
        self.tracing = tracing
        self.database = database
        self.recent = recent
        self.meters = Meters()
        self.manager = Manager(settings, self.meters)
        self.lookup = Lookup(self.manager.names)
        self.pulls = Pulls(self.manager.names.forget)
        self.guard = Guard(database, token)
        self.metering = Metering(database)
        self.ready = False
        self.failure: Exception | None = None
        self.meters.watch(lambda: self.manager.running, lambda: self.metering.unwritten)

    async def start(self) -> None:
        """Load what is to be loaded ahead; from then on the server is ready."""
        self.metering.start()
        try:
            await self.manager.start()
        except Exception as error:
            self.failure = error
            raise
        self.ready = True

    async def stop(self) -> None:
        """End what runs, and close the books."""
        self.ready = False
        await self.pulls.close()
        await self.manager.close()
        await self.metering.stop()
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)
        self.database.close()

    async def offered(self, request: Request) -> list[Served]:
        """Every model that this caller may name, sorted by name."""
        caller, names = caller_of(request), self.manager.names
        listed = names.fresh()
        if listed is None:
            listed = await asyncio.to_thread(names.listed)
        return [served for served in listed if _may(caller, served.model)]

    async def target(self, request: Request, name: str) -> Target:
        """What a name stands for, where this caller may use it. Loads nothing.

        Raises
        ------
        HubError, Fault
            It stands for nothing here, or the caller may not.
        """
        if not name:
            raise Fault(400, "invalid_request", "no model is named", param="model")
        caller = caller_of(request)
        target = await self.lookup.find(name)
        if not _may(caller, target.model):
            raise Fault(403, "model_not_allowed", f"key '{caller.name}' may not use '{target.model.id}'", param="model")
        return target

    async def model(self, request: Request, name: str, *tasks: str) -> Running:
        """A model that this caller may use, for one of these tasks; loaded if it is not yet.

        Raises
        ------
        HubError, Fault
            As `target`, it is for another task, or it cannot be loaded.
        """
        target = await self.target(request, name)
        task = target.model.task
        if tasks and task and task not in tasks:
            raise Fault(
                400, "wrong_task", f"'{name}' is for {task}, and this is for {' or '.join(tasks)}", param="model"
            )
        running = self.manager.ready(target)
        return await until_gone(request, self.manager.get(target)) if running is None else running

    async def begin(
        self,
        request: Request,
        running: Running,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, object],
        *,
        told: bool = False,
    ) -> Answering:
        """Let a model begin to answer.

        Raises
        ------
        HubError, Fault
            The options are wrong, too many wait, or the caller's rate or quota is used up.
        """
        caller = caller_of(request)
        await self.guard.admit(caller)
        resolved = resolve_options(running.spec.options, options, f"{running.task.id} of '{running.plan.model}'")
        call = Call(
            inputs,
            resolved,
            client=caller.client,
            priority=caller.rights["priority"],
            deadline=self.settings.timeout,
            told=told,
        )
        try:
            running.ask(call)
        except Fault as fault:
            call.finish(None, fault)
            self.count(caller, running, call, fault.code)
            raise
        return Answering(self, request, caller, running, call)

    def count(self, caller: Caller, running: Running, call: Call, outcome: str) -> None:
        """Put what a call took into the meters and the books."""
        prompt = sum(_number(result, "prompt_tokens") for result in call.results)
        generated = sum(_number(result, "generated_tokens") for result in call.results)
        if outcome == "cancelled" and call.first:
            generated = len(call.beats) + 1
        self.meters.call(running.name, call, outcome, prompt, generated)
        if self.tracing is not None:
            self.tracing.call(running, call, outcome, prompt, generated)
        use = self.metering.add(
            caller.key,
            running.plan.model,
            requests=1,
            errors=int(outcome not in ("ok", "cancelled")),
            inputs=len(call.inputs),
            prompt_tokens=prompt,
            generated_tokens=generated,
            seconds=max(0.0, call.ended - call.started) if call.started else 0.0,
        )
        self.guard.used(use)


class Answering:
    """An answer that is under way. Whoever leaves early gives it up."""

    def __init__(self, service: Service, request: Request, caller: Caller, running: Running, call: Call) -> None:
        self._service = service
        self._request = request
        self._caller = caller
        self._counted = False
        self.running = running
        self.call = call

    async def results(self) -> list[Any]:  # Any: of the task's output kind
        """All of it.

        Raises
        ------
        HubError, Fault
            It failed.
        """
        try:
            with watched(self._request, self.call.give_up):
                return await self.call.answer()
        except BaseException as error:
            self._end(error)
            raise
        finally:
            self._end(None)

    async def pieces(self) -> AsyncIterator[list[Delta]]:
        """Deltas as they come. Take the first one before the status is sent: what is wrong with a request shows there.

        Raises
        ------
        HubError, Fault
            It failed.
        """
        deltas = self.call.deltas()
        try:
            async for some in deltas:
                yield some
        except GeneratorExit:
            self._end(Cancelled(""))
            raise
        except BaseException as error:
            self._end(error)
            raise
        finally:
            await deltas.aclose()  # type: ignore[attr-defined]
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if self._counted:
            return
        self._counted = True
        if error is None:
            outcome = "ok"
        elif isinstance(error, Exception) and not isinstance(error, Cancelled | ClientDisconnect):
            fault = fault_of(error)
            outcome = fault.code
            if fault.status >= 500:
                extra = {"model": self.running.name, "request": self._request.scope.get("hub.request", "")}
                _LOG.error("a call failed: %s", error, extra=extra)
        else:
            outcome = "cancelled"
        self._service.count(self._caller, self.running, self.call, outcome)


def caller_of(request: Request) -> Caller:
    """Who asks."""
    caller = request.scope["hub.caller"]
    assert isinstance(caller, Caller)
    return caller


def _may(caller: Caller, model: Model) -> bool:
    return caller.may((model.id, model.name, *model.aliases), model.task)


def _number(result: object, name: str) -> int:
    value = result.get(name) if isinstance(result, dict) else None
    return value if isinstance(value, int) else 0
