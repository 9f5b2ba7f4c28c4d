"""The order in which usable ways are preferred, and what decided between two of them.

Knows nothing of what the person asked for: what breaks that is no candidate.
"""

from __future__ import annotations

from hub.runtime.planning.candidates import Candidate

__all__ = ["Rank", "rank", "why_lower"]

Rank = tuple[bool, bool, int, int, int, int, int, int, int, tuple[str, ...]]


def rank(candidate: Candidate, device: str, preferred: str | None) -> Rank:
    """Place of a candidate on a device; less is better, and no two are alike.

    Parameters
    ----------
    device
        Empty where the backend was not asked what it finds.
    preferred
        The device of the person's settings, or `None`.
    """
    backend, model = candidate.backend.spec, candidate.model.spec
    base = device.partition(":")[0]
    liked = base != "cpu" if preferred is None else preferred in {device, base}
    family = candidate.route.facts.family
    steps = tuple(step.transform for step in candidate.route.steps)
    return (
        candidate.start.unasked,
        candidate.unsafe,
        candidate.route.conversions,
        candidate.start.place,
        len(candidate.tail),
        0 if liked else 1,
        backend.devices.index(base) if base in backend.devices else len(backend.devices),
        model.verbs.index(candidate.verb),
        0 if family in model.families else 1,
        (backend.id, model.id, *steps, device),
    )


def why_lower(lower: Rank, higher: Rank, chosen: Candidate, device: str) -> str:
    """What decided for the chosen way."""
    reasons = (
        "it is lossy, which was not asked for",
        "what it opens can carry code",
        f"it takes {lower[2]} conversions that were not asked for, the chosen way {higher[2]}",
        f"variant '{chosen.start.variant}' comes before it in the registry",
        "it does steps of the recipe at every load, the chosen way once",
        f"{device} is preferred",
        f"{device} is preferred by {chosen.backend.spec.id}",
        f"{chosen.model.spec.id} prefers '{chosen.verb}'",
        f"{chosen.model.spec.id} knows the family",
        "as good; the first by name is taken",
    )
    decisive = next(place for place, (low, high) in enumerate(zip(lower, higher, strict=True)) if low != high)
    return f"ranked lower: {reasons[decisive]}"
