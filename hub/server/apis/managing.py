"""Who may manage the server, and the log of what they did. Knows nothing of what is managed."""

from __future__ import annotations

import asyncio

from hub.server.access.guard import Caller
from hub.server.faults import Fault
from hub.server.service import Service, caller_of
from hub.server.web import Request

__all__ = ["admin_of", "audit"]


def admin_of(request: Request) -> Caller:
    """Who asks, where that is somebody who may manage.

    Raises
    ------
    Fault
        It is not.
    """
    caller = caller_of(request)
    if not caller.rights["admin"]:
        told = f"key '{caller.name}' is no admin's" if caller.name else "from another machine this needs an admin's key"
        raise Fault(403, "not_allowed", told)
    return caller


async def audit(service: Service, caller: Caller, action: str, detail: dict[str, object]) -> None:
    """Write down who did what."""
    await asyncio.to_thread(service.database.add_audit, caller.key, action, detail)
