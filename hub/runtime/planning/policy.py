"""Keeps weights that can carry code from being opened unless the person allowed it.

What a converter made of them earlier is taken without asking: it carries none. Knows nothing of pickles themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import PolicyError
from hub.runtime.planning.candidates import Candidate, Lost
from hub.runtime.planning.recipe import Step

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.types import Facts

__all__ = ["apply_policy", "refused"]

Made = Callable[["Facts", Sequence[Step]], bool]


def apply_policy(
    ways: Iterable[Candidate | Lost], *, host: Host, allowed: bool, made: Made
) -> Iterator[Candidate | Lost]:
    """Mark the ways that open weights which can carry code, and drop those that nobody allowed.

    Parameters
    ----------
    allowed
        Whether the person allows such weights.
    made
        Whether these steps were done already on weights of these facts.
    """
    unsafe = {name for name, provided in host.formats.items() if provided.spec.unsafe}
    for way in ways:
        if isinstance(way, Lost) or way.start.facts.format not in unsafe:
            yield way
        elif allowed or (
            way.route.steps and way.route.facts.format not in unsafe and made(way.start.facts, way.route.steps)
        ):
            yield replace(way, unsafe=way.route.facts.format in unsafe)
        else:
            yield way.lost("policy", f"{way.start.facts.format} can carry code, and was not allowed")


def refused(name: str, details: Sequence[str]) -> PolicyError:
    """The error where nothing but the person's leave is missing."""
    return PolicyError(
        f"'{name}' has its weights in a format that can carry code, such as pickle, and that was not allowed",
        hint=f"If you trust who published them: hub run {name} --allow-pickle. They are read by a reader that takes "
        "tensors alone. In Python: hub.load(…, allow_pickle=True); for good: hub config set allow_pickle true",
        details=details,
    )
