"""What every format must do, as tests: subclass, give a fixture, and run pytest. Knows nothing of what files hold."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest

from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import get_host
from hub.plugin.specs import FormatSpec
from hub.runtime.references.facts import matches, parts_of
from hub.runtime.references.local import list_files

__all__ = ["FormatContract"]

_HEAD = 1 << 16


class FormatContract:
    """Subclass it as `Test…`, and set `fixture`."""

    fixture: ClassVar[WeightsFixture | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Weights of the format."""
        assert cls.fixture is not None, "set `fixture` to a WeightsFixture"
        folder = tmp_path_factory.mktemp("format")
        cls.fixture.write(folder)
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> FormatSpec:
        """What the plugin gives."""
        assert cls.fixture is not None
        return get_host().formats[cls.fixture.format].spec

    def test_its_files_are_told_by_its_patterns(self, folder: Path, spec: FormatSpec) -> None:
        """A folder holds a file for each of `match`, and some of them are weights."""
        paths = [file.path for file in list_files(folder)]
        assert [pattern for pattern in spec.match if not any(matches(path, (pattern,)) for path in paths)] == []
        assert parts_of(list_files(folder), spec)

    def test_no_other_format_takes_its_files_for_its_own(self, folder: Path, spec: FormatSpec) -> None:
        """Else a folder that no registry lists would be two things."""
        paths = [file.path for file in list_files(folder)]
        others = [each.spec for name, each in get_host().formats.items() if name != spec.id]
        claiming = [
            other.id for other in others if all(any(matches(path, (each,)) for path in paths) for each in other.match)
        ]
        assert claiming == []

    def test_a_folder_of_other_files_is_not_of_this_format(self, spec: FormatSpec) -> None:
        """A pattern that takes anything takes everybody's files."""
        paths = ("README.md", "notes.txt", "picture.png")
        assert not all(any(matches(path, (each,)) for path in paths) for each in spec.match)

    def test_weights_that_can_carry_code_are_declared_unsafe(self, folder: Path, spec: FormatSpec) -> None:
        """Pickles, bare or in a zip file, are never opened as safe."""
        if spec.unsafe:
            pytest.skip("it says so")
        names = {name for each in parts_of(list_files(folder), spec).values() for name in each}
        assert [name for name in sorted(names) if _is_pickle(folder / name)] == []


def _is_pickle(path: Path) -> bool:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head.startswith(b"\x80"):
        return False
    try:
        return any(code.name in {"GLOBAL", "STACK_GLOBAL", "REDUCE", "STOP"} for code, _, _ in pickletools.genops(head))
    except ValueError:
        return False
