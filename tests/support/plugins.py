"""Plugins made for a test: laid into a folder as an installer would, or packed into a wheel that pip installs."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

GROUP = "hub.plugins.v1"
HEAD = "from hub.plugin import BackendSpec, FormatSpec, KindSpec, ModelSpec, Option, SourceSpec, TaskSpec, hookimpl\n"
SESSION = "def open_session(request): ...\n"


def backend(id_: str, *, target: str = "pathlib:Path", more: str = "") -> str:
    """Source of a module that gives one backend."""
    return HEAD + dedent(
        f"""
        @hookimpl
        def hub_backends():
            return [BackendSpec(id={id_!r}, formats=("gguf",), verbs=("chat",), target={target!r}{more})]
        """
    )


@dataclass(kw_only=True)
class Made:
    """A distribution with one plugin. `module` is its only module unless `files` brings more."""

    name: str
    source: str = ""
    distribution: str = ""
    version: str = "1.2.3"
    group: str = GROUP
    value: str = ""
    requires: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    entries: str = ""

    def __post_init__(self) -> None:
        self.distribution = self.distribution or f"hubtest-{self.name}"
        self.module = "hubtest_" + self.distribution.removeprefix("hubtest-").replace("-", "_").replace(".", "_")
        self.value = self.value or self.module
        self.entries = self.entries or f"[{self.group}]\n{self.name} = {self.value}\n"

    def content(self) -> dict[str, str]:
        """Path to text of every file, but for RECORD."""
        info = f"{self.distribution.replace('-', '_')}-{self.version}.dist-info"
        metadata = [
            "Metadata-Version: 2.3",
            f"Name: {self.distribution}",
            f"Version: {self.version}",
            "Summary: A plugin made by a test",
            "Author: Ada Tester",
            "License: MIT",
            *(f"Requires-Dist: {requirement}" for requirement in self.requires),
        ]
        return {
            f"{self.module}.py": self.source,
            **self.files,
            f"{info}/METADATA": "\n".join(metadata) + "\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hubtest\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": self.entries,
        }

    def lay(self, folder: Path) -> None:
        """Write it into a folder of `sys.path`."""
        for path, text in self.content().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")

    def wheel(self, folder: Path) -> Path:
        """Pack it as pip takes it."""
        stem = self.distribution.replace("-", "_")
        path = folder / f"{stem}-{self.version}-py3-none-any.whl"
        record = f"{stem}-{self.version}.dist-info/RECORD"
        lines = []
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in self.content().items():
                data = text.encode()
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                lines.append(f"{name},sha256={digest},{len(data)}")
                archive.writestr(name, data)
            archive.writestr(record, "\n".join([*lines, f"{record},,"]) + "\n")
        return path
