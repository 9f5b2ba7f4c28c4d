"""What to say when no way is left: the error of the right kind, every reason, and what would help.

Names packages as the registries list them, never from code. Knows nothing of how candidates are found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from hub.errors import DoesNotFit, HubError, PlanError, PluginBroken, PluginMissing, UsageError
from hub.plugin.discovery import how_to_enable
from hub.runtime.planning.candidates import Lost, Rejected
from hub.runtime.planning.judge import Judge, Usable
from hub.runtime.planning.policy import refused

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.registry.schema import Plugin, Variant

__all__ = ["does_not_fit", "explain", "no_way", "unknown_backend", "unknown_kind", "unknown_step", "unknown_task"]

Listed = Callable[[], Sequence["Plugin"]]


def no_way(name: str, variants: Sequence[Variant], lost: Sequence[Lost], host: Host, listed: Listed) -> HubError:
    """The error where every candidate lost before memory was asked about."""
    details = list(dict.fromkeys(explain(each.rejected) for each in lost))
    told = f"'{name}' cannot be run here"
    kinds = {each.kind for each in lost} - {"asked"}
    for kind in ("option", "recipe"):
        wrong = next((each.error for each in lost if each.kind == kind and each.error), None)
        if wrong is not None and kinds <= {kind, "format", "recipe"}:
            return wrong
    if "policy" in kinds and kinds <= {"policy", "format", "model", "verb", "needs", "recipe"}:
        return refused(name, [explain(each.rejected) for each in lost if each.kind == "policy"])
    packages = missing_packages(variants, lost, host, listed)
    install = f"Install it: hub plugin install {' '.join(packages)}" if packages else ""
    if kinds <= {"format", "model", "verb", "recipe"} and kinds & {"format", "model", "verb"}:
        installed = [record for record in host.plugins if record.distribution in packages]
        faulty = next((record for record in installed if record.state != "ok"), None)
        if faulty is not None:
            return _switched_off_or_broken(told, faulty.name, faulty.state, faulty.faults, details)
        reasons = list(dict.fromkeys(each.rejected.reason for each in lost if each.kind in {"format", "model", "verb"}))
        return PluginMissing(f"{told}: {_joined(reasons)}", hint=install or "See: hub plugin list", details=details)
    broken = next((each.error for each in lost if each.kind == "broken" and each.error), None)
    if broken is not None and kinds <= {"format", "broken", "recipe"}:
        return PluginBroken(f"{told}: {broken.message}", hint=broken.hint, details=details)
    first = min(lost, key=lambda each: {"recipe": 1, "format": 2, "asked": 3}.get(each.kind, 0))
    return PlanError(f"{told}: {first.rejected.reason}", hint=install, details=details)


def does_not_fit(name: str, big: Sequence[Usable], small: Sequence[Usable], judge: Judge) -> DoesNotFit:
    """The error where ways exist, and none that nobody would mind fits.

    Parameters
    ----------
    big
        Ways that do not fit, the preferred one first.
    small
        Ways that fit, but are lossy and were not asked for.
    """
    first = big[0]
    details = [_needs(each) for each in big]
    helps = [
        f"variant '{each.candidate.start.variant}' fits: it needs {_size(each.estimate.total)}" for each in small[:1]
    ]
    hint = f"Take it: hub run {name}:{small[0].candidate.start.variant}" if small else ""
    context = smaller_context(first, judge)
    if context:
        helps.append(f"a context of {context} tokens fits")
        hint = hint or f"Take it: hub run {name} --context-length {context}"
    free = _size(first.free or 0)
    message = f"'{name}' does not fit: it needs {_size(first.estimate.total)} and {free} are free on {first.device}"
    return DoesNotFit(
        message, hint=hint or "Close other programs, or take a smaller model.", details=[*details, *helps]
    )


def smaller_context(usable: Usable, judge: Judge) -> int:
    """Largest multiple of 256 tokens of context with which it fits; 0 where none does."""
    now, most = usable.options.get("context_length"), usable.candidate.start.facts.config.get("max_position_embeddings")
    if not isinstance(now, int) or usable.free is None:
        return 0
    low, high = 0, min(now, most if isinstance(most, int) else now) // 256
    while low < high:
        middle = (low + high + 1) // 2
        options = {**usable.options, "context_length": middle * 256}
        fits = judge.estimate(usable.candidate, options).total <= usable.free
        low, high = (middle, high) if fits else (low, middle - 1)
    return low * 256


def missing_packages(variants: Sequence[Variant], lost: Sequence[Lost], host: Host, listed: Listed) -> list[str]:
    """Packages that the registries list for what is missing, those that the preferred variant asks for first."""
    lacking = {each.rejected.variant: each.kind for each in reversed(lost) if each.kind in {"format", "model", "verb"}}
    ready = {record.distribution for record in host.plugins if record.state == "ok"}
    for variant in variants:
        if variant.name not in lacking:
            continue
        named = [package for package in variant.requires if package not in ready]
        if lacking[variant.name] == "format":
            named += [
                plugin.package
                for plugin in listed()
                if variant.format in plugin.formats and plugin.package not in {*ready, *named}
            ][: 0 if named else 1]
        if named:
            return named
    return []


def unknown_backend(backend: str, host: Host, listed: Listed) -> HubError:
    """The error for a backend that nothing installed gives, or that is not given because of a fault."""
    fault = next((each for each in host.faults if each.about == f"backends/{backend}"), None)
    if fault is not None:
        told = f"backend '{backend}' cannot be used: plugin '{fault.plugin}' is broken: {fault.reason}"
        return PluginBroken(told, hint=fault.fix)
    package = next((each.package for each in listed() if backend in each.gives.get("backends", ())), "")
    told = f"backend '{backend}' is not installed"
    if package:
        return _listed_elsewhere(told, f"backend '{backend}' cannot be used", package, host)
    near = get_close_matches(backend, host.backends, n=1)
    known = f"Installed: {', '.join(sorted(host.backends))}." if host.backends else "None is installed."
    return PluginMissing(told + (f"; did you mean '{near[0]}'?" if near else ""), hint=f"{known} See: hub plugin list")


def unknown_kind(kind: str, task: str, host: Host, listed: Listed) -> HubError:
    """The error for a kind that nothing installed reads and writes, or that is not given because of a fault."""
    fault = next((each for each in host.faults if each.about == f"kinds/{kind}"), None)
    if fault is not None:
        told = f"'{task}' cannot read or write {kind}: plugin '{fault.plugin}' is broken: {fault.reason}"
        return PluginBroken(told, hint=fault.fix)
    package = next((each.package for each in listed() if kind in each.gives.get("kinds", ())), "")
    told = f"'{task}' needs a plugin that reads and writes the kind '{kind}', and none is installed"
    if package:
        return _listed_elsewhere(told, f"'{task}' cannot read or write {kind}", package, host)
    return PluginMissing(told, hint=f"Kinds: {', '.join(sorted(host.kinds))}. See: hub plugin search {kind}")


def unknown_step(where: str, name: str, known: Collection[str], host: Host, listed: Listed) -> HubError:
    """The error for a step that no transform and no format is named by."""
    gives = {each.package: [key.split("-") for key in each.gives.get("transforms", ())] for each in listed()}
    package = next((package for package, words in gives.items() if any(name in key for key in words)), "")
    if package:
        return _listed_elsewhere(f"{where}: nothing installed does it", f"{where} cannot be done", package, host)
    near = get_close_matches(name, known, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    return UsageError(f"{where} is not known{guess}", hint=f"Steps: {', '.join(sorted(known))}" if known else "")


def unknown_task(reference: str, host: Host) -> HubError:
    """The error for weights of which nobody says what they are for."""
    return PlanError(
        f"what '{reference}' is for is not known: no installed model plugin recognises it",
        hint=f"Say it with --task: {', '.join(sorted(host.tasks))}",
    )


def _listed_elsewhere(missing: str, unusable: str, package: str, host: Host) -> HubError:
    """The error for what a listed package gives: it is not installed, switched off, or broken."""
    faulty = next((record for record in host.plugins if record.distribution == package and record.state != "ok"), None)
    if faulty is not None:
        return _switched_off_or_broken(unusable, faulty.name, faulty.state, faulty.faults, ())
    return PluginMissing(missing, hint=f"Install it: hub plugin install {package}")


def explain(rejected: Rejected) -> str:
    """One line about a way that lost."""
    way = [rejected.recipe, rejected.backend, rejected.device, rejected.verb, rejected.model_plugin]
    path = " → ".join([rejected.variant, *(each for each in way if each)])
    return f"{path}: {rejected.reason}"


def lost_to_memory(usable: Usable) -> Lost:
    """A way that does not fit, as a rejected one."""
    return usable.candidate.lost("memory", _needs(usable, named=False), device=usable.device)


def _needs(usable: Usable, *, named: bool = True) -> str:
    told = f"needs {_size(usable.estimate.total)}, {_size(usable.free or 0)} are free"
    way = f"{usable.candidate.start.variant} → {usable.candidate.backend.spec.id} → {usable.device} "
    return way + told if named else f"does not fit: {told}"


def _switched_off_or_broken(
    told: str, plugin: str, state: str, faults: Sequence[object], details: Sequence[str]
) -> HubError:
    if state == "disabled":
        return PluginMissing(
            f"{told}: plugin '{plugin}' is switched off",
            hint=how_to_enable(plugin),
            details=details,
        )
    serious = [fault for fault in faults if not getattr(fault, "warning", False)]
    reasons = [str(getattr(fault, "reason", fault)) for fault in serious]
    fix = next((str(getattr(fault, "fix", "")) for fault in serious), "")
    return PluginBroken(f"{told}: plugin '{plugin}' is {state}: {_joined(reasons)}", hint=fix, details=details)


def _joined(reasons: Sequence[str]) -> str:
    return "; ".join(reasons)


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
