"""The contract between the core, backends and model plugins: requests, answers, sessions, models.

A backend gives a `Session` for one part and one verb; a model plugin turns a task's input into that verb and back.
Tokens are pushed through `emit`, because runtimes call back; the core alone makes iterators of them. The core puts a
guard around every session (`hub.runtime.sessions.guard`), so a backend may trust what reaches it: feeds are complete
and of the declared dtype, every field that is set is one that it honours, and it is not used after `close()`.
Knows nothing of plans, plugins or processes.
"""

from typing import TYPE_CHECKING

from hub.cpus import allowed_cpus, usable_cores, usable_cpus
from hub.runtime.protocols.decoding import TextStream
from hub.runtime.protocols.model import Fidelity, Model, Stream
from hub.runtime.protocols.requests import (
    TOOL_CHOICES,
    VERBS,
    Chat,
    Delta,
    Emit,
    Generate,
    Generated,
    Likely,
    Reply,
    Sampling,
    Score,
    Scored,
    Tensor,
    TokenLogprob,
)
from hub.runtime.protocols.session import Architecture, OpenRequest, Probe, Session
from hub.runtime.protocols.transform import Record, TransformRequest, Weights

if TYPE_CHECKING:
    from hub.runtime.protocols.requests import Array as Array
    from hub.runtime.protocols.requests import Feeds as Feeds
    from hub.runtime.protocols.requests import Outputs as Outputs

__all__ = [
    "TOOL_CHOICES",
    "VERBS",
    "Architecture",
    "Chat",
    "Delta",
    "Emit",
    "Fidelity",
    "Generate",
    "Generated",
    "Likely",
    "Model",
    "OpenRequest",
    "Probe",
    "Record",
    "Reply",
    "Sampling",
    "Score",
    "Scored",
    "Session",
    "Stream",
    "Tensor",
    "TextStream",
    "TokenLogprob",
    "TransformRequest",
    "Weights",
    "allowed_cpus",
    "usable_cores",
    "usable_cpus",
]
