"""Runs `pip download` for one wheel in a process of its own and says in our errors what pip says in its log.

pip and not our own client, so that the person's index, proxy, certificates and credentials hold. Nothing is installed,
built or imported. Knows nothing of what the wheel is for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hub.environment import has_pip
from hub.errors import AccessDenied, HubError, NotFound, Offline, SourceError, StorageError, VerificationError

__all__ = ["download"]

_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    "--no-cache-dir",  # the store keeps the bytes; pip's cache would keep them twice
    "--ignore-requires-python",  # the wheel is read, never run
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar=off",
)
_LOG, _OUTPUT = "pip.log", "pip.out"
_POLL = 0.1  # seconds
_TOLD = re.compile(r"^(?:WARNING: |ERROR: |Could not fetch URL )")
_NOISE = re.compile(r"is neither a file nor a directory|not a trusted or secure host")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
# What pip and its urllib3 say, most telling first. The index of an unknown package answers 404, which is NotFound.
_CAUSES: tuple[tuple[str, type[HubError], str, str], ...] = (
    ("No space left on device|Disk quota exceeded", StorageError, "the disk is full", "Make room: hub gc"),
    (
        "do not match the hashes|different hash",
        VerificationError,
        "the index promises another hash than the wheel has",
        "Try again; if it stays so, tell whoever runs the index",
    ),
    (
        r"\b40[137] (Client )?Error|HTTP error 40[137]|Unauthorized|Forbidden|Proxy Authentication Required",
        AccessDenied,
        "the package index refused access",
        "Give pip the right to read it: pip config debug",
    ),
    (
        "SSLError|CERTIFICATE_VERIFY_FAILED|confirming the ssl certificate",
        SourceError,
        "the package index has no trusted certificate",
        "Give pip the right certificate: pip config debug",
    ),
    (
        r"\b5\d\d (Server )?Error|\b429 |HTTP error (5\d\d|429)|too many (5\d\d|429)|incomplete",
        SourceError,
        "the package index failed",
        "Try again later",
    ),
    (
        "connection error|NewConnectionError|NameResolutionError|ProxyError|Max retries exceeded"
        "|Network is unreachable|timed out|ConnectTimeout|Connection aborted",
        Offline,
        "the package index is out of reach",
        "Check the network and pip's index: pip config debug",
    ),
    ("No matching distribution|HTTP error 404|404 Client Error", NotFound, "", ""),
)


def download(package: str, version: str, folder: Path, note: Callable[[int], None]) -> Path:
    """Download the wheel that pip picks for `package==version` into a new `folder`.

    Parameters
    ----------
    package, version
        Already validated: nothing in them may be read as an option or an address.
    note
        Is told how many more bytes have been received, several times a second.

    Raises
    ------
    NotFound, AccessDenied, Offline, SourceError, StorageError, VerificationError
        With what pip said in `details`.
    """
    _require_pip()
    scratch = folder / "tmp"
    scratch.mkdir(parents=True)
    # -P: a file `pip.py` in the working folder must not be run in pip's stead
    command = [sys.executable, "-P", "-m", "pip", "download", *_OPTIONS, f"--log={folder / _LOG}", f"--dest={folder}"]
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)), "PYTHONUTF8": "1"}
    code = _run([*command, f"{package}=={version}"], environment, folder / _OUTPUT, _Watch(folder, note).look)
    wheel = _wheel(folder, package, version)
    if code or wheel is None:
        raise _error(f"{package}=={version}", _said(folder))
    return wheel


def _require_pip() -> None:
    if not has_pip():
        raise SourceError(
            f"there is no pip in this environment ({sys.prefix}), which pypi: sources are read with",
            hint=f"Add it: {sys.executable} -m ensurepip --upgrade (or: uv pip install pip)",
        )


def _run(command: list[str], environment: dict[str, str], output: Path, tick: Callable[[], None]) -> int:
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        while True:
            try:
                return process.wait(_POLL)
            except subprocess.TimeoutExpired:
                tick()
    except BaseException:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    finally:
        process.wait()


class _Watch:
    """Follows a download by the size of its largest file: pip fills it in its temporary folder, then copies it out."""

    def __init__(self, folder: Path, note: Callable[[int], None]) -> None:
        self._folder = folder
        self._note = note
        self._seen = 0

    def look(self) -> None:
        """Note what has come since the last look, be it nothing: the one who is told may want to stop."""
        before = self._seen
        for folder, _, names in os.walk(self._folder):  # unlike glob, it passes over folders that pip has just removed
            for name in names:
                if name.endswith(".whl"):
                    with suppress(FileNotFoundError):
                        self._seen = max(self._seen, (Path(folder) / name).stat().st_size)
        self._note(self._seen - before)


def _wheel(folder: Path, package: str, version: str) -> Path | None:
    for path in folder.glob("*.whl"):
        try:
            name, number, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if name == canonicalize_name(package) and number == Version(version):
            return path
    return None


def _said(folder: Path) -> list[str]:
    """What pip tells a person, without time stamps, credentials and repetitions."""
    told = [line.split(" ", 1)[-1] for line in _lines(folder / _LOG)]
    kept = [line for line in told if _TOLD.match(line) and not _NOISE.search(line) and "Retrying (" not in line]
    said = kept or told[-3:] or _lines(folder / _OUTPUT)[-3:]
    return list(dict.fromkeys(_CREDENTIALS.sub("", line) for line in said))


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [line for line in lines if line.strip()]


def _error(wanted: str, said: list[str]) -> HubError:
    text = "\n".join(said)
    versions = re.search(r"from versions: (?!none)([^)]*)\)", text)
    if versions:
        near = ", ".join(versions[1].split(", ")[-5:])
        message = f"pip finds no wheel of {wanted} for this machine"
        return NotFound(message, hint=f"The index has: {near}", details=said[-5:])
    for pattern, kind, cause, hint in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            message = f"{wanted} could not be downloaded: {cause}" if cause else f"pip finds no package {wanted}"
            return kind(message, hint=hint or "Check the name, and pip's index: pip config debug", details=said[-5:])
    return SourceError(f"pip could not download {wanted}", hint="See: pip config debug", details=said[-5:])
