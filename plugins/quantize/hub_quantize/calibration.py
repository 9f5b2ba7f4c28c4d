"""Which inputs to calibrate on, and what a part is fed for them. Knows nothing of any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest

if TYPE_CHECKING:
    from hub.runtime.protocols import Feeds

__all__ = ["calibration_feeds"]


def calibration_feeds(request: TransformRequest) -> list[Feeds]:
    """Feeds for `samples` of the inputs, taken evenly from all of them.

    Raises
    ------
    InferenceError
        Nothing installed runs the weights.
    UsageError
        The model plugin fed this part nothing.
    """
    wanted, inputs = int(str(request.options["samples"])), list(request.inputs)
    step = max(1, len(inputs) // wanted)
    chosen = inputs[::step][:wanted]
    request.tell(f"calibrating on {len(chosen)} of {len(inputs)} inputs")
    feeds = request.record(chosen)
    if not feeds:
        named = f"part '{request.part}'" if request.part else "the model"
        raise UsageError(f"{named} was fed nothing for these inputs, so there is nothing to calibrate on")
    return feeds
