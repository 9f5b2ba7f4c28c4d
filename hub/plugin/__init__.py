"""All that the entry-point module of a plugin imports: the hook marker, the specs, and the types in them.

Light on purpose: no numpy, no framework. The host, which loads plugins, lives in `hub.plugin.host` and is not
imported here.
"""

from hub.plugin.fixtures import Fixture, KindFixture, SourceFixture, TaskFixture, WeightsFixture
from hub.plugin.hooks import CONTRACT, GROUP, hookimpl
from hub.plugin.specs import (
    BackendSpec,
    FormatSpec,
    KindSpec,
    LoadStep,
    ModelSpec,
    SourceSpec,
    TaskSpec,
    TransformSpec,
)
from hub.sources import Listing, Sink, Source, SourceContext
from hub.types import JSON, Estimate, Facts, Message, Option, WeightFile

__all__ = [
    "CONTRACT",
    "GROUP",
    "JSON",
    "BackendSpec",
    "Estimate",
    "Facts",
    "Fixture",
    "FormatSpec",
    "KindFixture",
    "KindSpec",
    "Listing",
    "LoadStep",
    "Message",
    "ModelSpec",
    "Option",
    "Sink",
    "Source",
    "SourceContext",
    "SourceFixture",
    "SourceSpec",
    "TaskFixture",
    "TaskSpec",
    "TransformSpec",
    "WeightFile",
    "WeightsFixture",
    "hookimpl",
]
