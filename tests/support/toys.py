"""Plans over the toy plugin of `tests/support/toy`, for what real runtimes do not do on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from hub.plugin.hooks import GROUP
from hub.plugin.host import Host, load_host
from hub.runtime.model import LoadedModel
from hub.runtime.planning.plan import Plan
from hub.runtime.sessions.load import open_plan
from hub.runtime.workers.remote import RemoteModel
from hub.types import Artifact, Estimate, Facts

TOY = Path(__file__).parent / "toy"


def toy_host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host that has the toy plugin and no other, in this process and in those that it starts."""
    others = {entry.name for entry in entry_points(group=GROUP)}
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", ",".join(sorted(others)))
    monkeypatch.syspath_prepend(str(TOY))
    for name in ("HUB_TOY_THREADS", "HUB_TOY_KEPT"):
        monkeypatch.delenv(name, raising=False)
    return load_host()


def toy_plan(*, task: str = "text-generation", parts: tuple[str, ...] = ("",), **changes: object) -> Plan:
    """A plan that runs the toy backend."""
    chat = task == "text-generation"
    facts = Facts(task=task, family="toy", format="toy", files=(), parts={part: (f"{part}a.toy",) for part in parts})
    fields: dict[str, object] = {
        "reference": "toy",
        "model": "tests/toy",
        "variant": "plain",
        "backend": "toy",
        "plugin": "openmodelhub-toy 1.0",
        "device": "cpu",
        "verb": "chat" if chat else "embed",
        "model_plugin": "toy-talk" if chat else "toy-vectors",
        "task": task,
        "facts": facts,
        "source": facts,
        "options": {"fail": ""},
        "estimate": Estimate(weights=0),
        "files": (),
        "free_memory": None,
        "download": 0,
        **changes,
    }
    return Plan(**fields)  # type: ignore[arg-type]


def toy_artifact(folder: Path) -> Artifact:
    """Nothing on disk: the toy reads no weights."""
    return Artifact(digest="sha256:0", path=folder, files=())


@contextmanager
def toy_model(
    host: Host, folder: Path, *, worker: bool = False, patience: float = 0.0, **changes: object
) -> Iterator[LoadedModel]:
    """A handle over the toy, here or in a worker."""
    plan = toy_plan(**changes)  # type: ignore[arg-type]
    artifact = toy_artifact(folder)
    engine = RemoteModel(plan, artifact, patience=patience) if worker else open_plan(plan, artifact, host)
    with LoadedModel(plan, engine, host.models[plan.model_plugin].spec, host.tasks[plan.task].spec) as model:
        yield model


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it went in between, or this system has no /proc
        return not Path("/proc/self").exists()
