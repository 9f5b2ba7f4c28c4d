"""The end of a recipe that a backend does while it opens: which backend can, and with which options.

Knows nothing of transforms or of how a backend does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.plugin.specs import BackendSpec, LoadStep
from hub.runtime.options import resolve_options
from hub.runtime.planning.recipe import Loaded, Wanted

__all__ = ["cannot_load", "loaded_steps", "splits"]


def splits(wanted: Sequence[Wanted], words: set[str]) -> Iterator[tuple[Sequence[Wanted], Sequence[Wanted]]]:
    """Every way to cut a recipe into what transforms do and what a backend may do while it opens.

    Parameters
    ----------
    words
        Load steps that any backend has.
    """
    yield wanted, ()
    for place in range(len(wanted) - 1, -1, -1):
        if wanted[place].name not in words:
            return
        yield wanted[:place], wanted[place:]


def cannot_load(backend: BackendSpec, tail: Sequence[Wanted], verb: str = "") -> str:
    """Why the backend cannot do the steps while it opens for a verb; empty if it can."""
    offered = _offered(backend)
    for step in tail:
        if step.name not in offered:
            return f"{step.where}: {backend.id} does not do it while it loads"
        verbs = offered[step.name].verbs
        if verb and verbs and verb not in verbs:
            return f"{step.where}: {backend.id} does it for {', '.join(verbs)}, not for {verb}"
    names = [step.name for step in tail]
    twice = next((name for name in names if names.count(name) > 1), "")
    return f"'{twice}' can be done once while a model loads" if twice else ""


def loaded_steps(backend: BackendSpec, tail: Sequence[Wanted]) -> tuple[Loaded, ...]:
    """The steps with every option resolved.

    Raises
    ------
    OptionError
        An option is unknown or wrong.
    """
    offered = _offered(backend)
    return tuple(
        Loaded(
            step=step.name,
            name=str(step),
            lossy=offered[step.name].lossy,
            options=resolve_options(offered[step.name].options, step.options, step.where),
        )
        for step in tail
    )


def _offered(backend: BackendSpec) -> Mapping[str, LoadStep]:
    return {step.step: step for step in backend.load_steps}
