"""Opens what a lossy transform made, and has it answer, before it is kept: a broken artifact never gets further.

Knows nothing of how much was lost: that is measured, and this is only whether it works at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.errors import HubError, PluginBroken, PluginError, UsageError
from hub.runtime.asking import ask
from hub.runtime.options import resolve_options
from hub.runtime.planning.candidates import Candidate, Start, combine
from hub.runtime.planning.paths import Route
from hub.runtime.protocols import Weights
from hub.runtime.sessions.load import OpenedModel, open_plan
from hub.types import JSON, Artifact, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.planning.plan import Plan

__all__ = ["check_answers"]

_TOKENS = 8
_SHORT: dict[str, OptionValue] = {"truncate": True, "max_tokens": _TOKENS}


def check_answers(weights: Weights, plan: Plan, host: Host) -> dict[str, JSON]:
    """Open weights on the CPU, with the plan's backend where it can, and have the task's samples answered.

    Returns
    -------
    dict
        `opened` (the backend) and `samples`; or `skipped` with the reason why nothing could be tried.

    Raises
    ------
    PluginBroken
        They cannot be opened, or do not answer; a runtime that gives NaN or infinity does not.
    """
    samples = _samples(plan, host)
    if not samples:
        return {"skipped": f"task {plan.task} has no samples"}
    for candidate in _candidates(weights, plan, host):
        trial = _trial(candidate, weights, plan)
        artifact = Artifact(digest="", path=weights.path, files=weights.facts.files)
        try:
            model = open_plan(trial, artifact, host)
        except PluginError:
            continue  # the backend is at fault, and not what it was to open
        except HubError as error:
            raise PluginBroken(
                f"what came out cannot be opened: {error.message}", details=error.details, hint=_HINT
            ) from error
        with closing(model):
            _answer(model, samples, candidate)
        return {"opened": candidate.backend.spec.id, "samples": len(samples)}
    return {"skipped": f"no installed backend opens {weights.facts.format} on the CPU for {plan.task}"}


_HINT = "Report it to the plugin's author. See: hub plugin list"


def _samples(plan: Plan, host: Host) -> list[Any]:  # Any: of the kinds that the task takes
    provided = host.tasks.get(plan.task)
    if provided is None or provided.spec.samples is None:
        return []
    return list(ask(host, provided, provided.spec.samples, answer=list))


def _candidates(weights: Weights, plan: Plan, host: Host) -> Iterator[Candidate]:
    """Ways to open the weights, those of the plan first."""
    start = Start(variant=plan.variant, place=0, facts=weights.facts)
    ways = combine(start, Route(steps=(), facts=weights.facts), host, None)
    able = [way for way in ways if isinstance(way, Candidate) and "cpu" in way.backend.spec.devices]
    able.sort(key=lambda way: (way.backend.spec.id != plan.backend, way.model.spec.id != plan.model_plugin))
    for way in able:
        accepts = way.backend.spec.accepts
        if accepts is None or ask(host, way.backend, accepts, weights.facts, way.verb) is None:
            yield way


def _trial(candidate: Candidate, weights: Weights, plan: Plan) -> Plan:
    spec = candidate.backend.spec
    same = spec.id == plan.backend and plan.device == "cpu"
    options = plan.options if same else resolve_options(spec.options, {}, f"backend '{spec.id}'")
    return replace(
        plan,
        backend=spec.id,
        device="cpu",
        verb=candidate.verb,
        model_plugin=candidate.model.spec.id,
        facts=weights.facts,
        options=options,
        recipe=(),
        load_steps=(),
    )


def _answer(model: OpenedModel, samples: Sequence[Any], candidate: Candidate) -> None:
    spec = candidate.model.spec
    named = {option.name for option in spec.options}
    given = {name: value for name, value in _SHORT.items() if name in named}
    if candidate.verb == "embed":
        given.pop("truncate", None)  # that runtime owns the tokenizer
    options = resolve_options(spec.options, given, f"model plugin '{spec.id}'")
    texts = [sample for sample in samples if isinstance(sample, str)]
    try:
        model.infer(samples, options)
        if candidate.verb in {"generate", "chat"}:  # tokens come out whatever the numbers behind them are
            with suppress(UsageError):
                model.evaluate(texts[:1], options)
    except UsageError:
        raise  # the samples do not suit the model, whoever made it
    except HubError as error:
        raise PluginBroken(
            f"what came out does not answer: {error.message}", details=error.details, hint=_HINT
        ) from error
