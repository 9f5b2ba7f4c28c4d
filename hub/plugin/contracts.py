"""The versions of the contract with plugins that this core serves: the current one, and the one before it for a while.

A plugin says which one it is made for by the name of its entry-point group, `hub.plugins.v1`. `docs/contract.md` says
what may change when. Standard library alone; knows nothing of any plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CONTRACT", "GROUP", "SERVED", "Contract", "contract_of", "group_of"]


def _as_it_is(spec: object) -> object:
    return spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """A version of the contract.

    Parameters
    ----------
    until
        ISO date until which it is served at least; empty for the current one.
    change
        What a plugin has to change to move on to the next, in a sentence.
    adapt
        Turns a spec as this version means it into what the current one means.
    """

    number: int
    until: str = ""
    change: str = ""
    adapt: Callable[[object], object] = _as_it_is


SERVED: tuple[Contract, ...] = (Contract(number=1),)
"""The oldest first; the last is the current one."""

CONTRACT = SERVED[-1].number


def group_of(number: int) -> str:
    """Entry-point group of a version."""
    return f"hub.plugins.v{number}"


GROUP = group_of(CONTRACT)


def contract_of(group: str) -> Contract | None:
    """The version that plugins of an entry-point group are made for; `None` for one that is not served."""
    return next((each for each in SERVED if group == group_of(each.number)), None)
