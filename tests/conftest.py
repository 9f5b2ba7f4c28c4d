"""Fixtures that every part of the suite uses: a private home, and one home with real weights, pulled once a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.hub_on_loopback import HubOnLoopback
    from tests.support.mirror import Mirror

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "tests"
ATTEMPTS = 3

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as shells start what goes on in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else no command under test would hear Ctrl-C

RunHub = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def hub_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty `HUB_HOME` of this test; nothing of the person's own settings, tokens or caches is seen."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("HUB_", "HF_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_HOME", str(home / "hub"))
    monkeypatch.setenv("HF_HOME", str(home / "huggingface"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # real weights come through `pull_once` alone, and so once a run
    return home / "hub"


@pytest.fixture
def run_hub() -> RunHub:
    """Run the real command in a process of its own: `run_hub("search", "minilm", env={...}, input="...")`."""

    def run(*arguments: str, env: dict[str, str] | None = None, **options: object) -> subprocess.CompletedProcess[str]:
        settings: dict[str, object] = {"capture_output": True, "text": True, "timeout": 120, **options}
        if "input" not in settings:
            settings["stdin"] = subprocess.DEVNULL
        return subprocess.run(  # type: ignore[call-overload]
            [sys.executable, "-m", "hub", *arguments], env={**os.environ, **(env or {})}, **settings
        )

    return run


def pull_once(home: Path, *references: str) -> None:
    """Pull real weights into the folder of the tests, through the real command."""
    _from_index("hub", "pull", *references, HUB_HOME=str(home))


def pip(*arguments: str) -> None:
    """Run pip with the index that the person uses, for what a test run fetches once and keeps in `CACHE`."""
    _from_index("pip", *arguments)


def _from_index(module: str, *arguments: str, **env: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PIP_NO_INDEX"} | env
    for attempt in range(1, ATTEMPTS + 1):  # an index that is busy for a moment is not what the tests are about
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL
        )
        if result.returncode == 0:
            return
        time.sleep(attempt)
    pytest.fail(f"{module} {' '.join(arguments)} failed:\n{result.stderr}")


@pytest.fixture(scope="session")
def weights_home() -> Path:
    """`HUB_HOME` that holds real weights between tests and runs: all that `WEIGHTS` names, pulled on first use."""
    from filelock import FileLock

    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "home.lock"):
        pull_once(home, *WEIGHTS)
    return home


WEIGHTS = ("smollm2-135m", "all-minilm-l6-v2:safetensors", "all-minilm-l6-v2:onnx", "all-minilm-l6-v2:onnx-int8")


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """A real hub, served by the real command for all tests of `hf:`; see `hub`."""
    pytest.importorskip("hub_mirror", reason="openmodelhub-mirror is not installed, the hub that `hf:` is tested on")
    from tests.support.mirror import Mirror

    folder = tmp_path_factory.mktemp("mirror")
    server = Mirror(folder / "root")
    server.add_user("root", "--admin")
    server.add_user("member")
    server.add_user("stranger")
    server.start(env={"HUB_HOME": str(folder / "home")})
    yield server
    server.stop()


@pytest.fixture
def hub(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubOnLoopback]:
    """The real hub without repositories, at the end of a line that counts and can be spoilt."""
    from huggingface_hub import constants

    from tests.support.hub_on_loopback import HubOnLoopback

    for name, value in {"OFFLINE": False, "DISABLE_PROGRESS_BARS": True, "DISABLE_XET": True}.items():
        monkeypatch.setattr(constants, f"HF_HUB_{name}", value)
    with HubOnLoopback(mirror) as served:
        yield served
