"""What every codec of a kind must do, as tests: subclass, give something that it reads, and run pytest.

Knows nothing of pictures or sound.
"""

from __future__ import annotations

import io
import json
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hub.errors import InputError
from hub.plugin.fixtures import KindFixture
from hub.plugin.host import get_host
from hub.plugin.specs import KindSpec
from hub.runtime.kinds.codecs import Codecs
from hub.testing.importing import heavy_imports

__all__ = ["KindContract"]


class Unseekable(io.RawIOBase):
    """A binary stream that goes forward alone, as a pipe does."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:  # Any: as io has it
        """Fill a buffer."""
        return self._inner.readinto(buffer)


class KindContract:
    """Subclass it as `Test…`, and set `fixture`, or `kind` with the fixture `given`.

    Attributes
    ----------
    kind
        Id of the `KindSpec`.
    fixture
        A value that the plugin's package brings.
    """

    fixture: ClassVar[KindFixture | None] = None
    kind: ClassVar[str] = ""

    @pytest.fixture
    def given(self) -> Any:  # Any: whatever the codec reads
        """Something that the codec reads: small, an object or a path."""
        assert self.fixture is not None, "set `fixture`, or give the fixture 'given'"
        return self.fixture.given()

    @pytest.fixture
    def codecs(self) -> Codecs:
        """The kinds that are installed."""
        return Codecs(get_host())

    @pytest.fixture
    def spec(self, codecs: Codecs) -> KindSpec:
        """What the plugin gives."""
        spec = codecs.spec(self.kind)
        assert spec is not None, f"nothing installed gives the kind '{self.kind}'"
        return spec

    @pytest.fixture
    def wire(self, codecs: Codecs, given: Any) -> bytes:  # Any: as above
        """What was given, in the wire form."""
        return codecs.write(self.kind, codecs.read(self.kind, given))

    def assert_same(self, one: Any, other: Any) -> None:  # Any: values of the kind
        """Compare two values; by what is said of them, unless a subclass knows better."""
        codecs = Codecs(get_host())
        assert codecs.describe(self.kind, one) == codecs.describe(self.kind, other)

    def test_the_entry_point_imports_nothing_heavy(self) -> None:
        """Every command waits for it."""
        provided = get_host().kinds[self.kind]
        record = next(each for each in get_host().plugins if each.name == provided.plugin)
        assert [(fault.kind, fault.reason) for fault in record.faults if not fault.warning] == []
        assert heavy_imports(record.module) == []

    def test_a_value_of_the_kind_is_given_back_as_it_is(self, codecs: Codecs, given: Any) -> None:
        """The core may read twice."""
        value = codecs.read(self.kind, given)
        assert codecs.read(self.kind, value) is value

    def test_a_path_bytes_and_streams_give_the_same(
        self, codecs: Codecs, spec: KindSpec, given: Any, wire: bytes, tmp_path: Path
    ) -> None:
        """From what was written in the wire form; a stream may be a pipe."""
        path = tmp_path / f"näme with blanks{spec.suffixes[0]}"
        path.write_bytes(wire)
        value = codecs.read(self.kind, given)
        for source in (path, str(path), wire, io.BytesIO(wire), io.BufferedReader(Unseekable(wire))):
            self.assert_same(codecs.read(self.kind, source), value)

    def test_every_ending_is_written_or_refused_as_the_callers_mistake(
        self, codecs: Codecs, spec: KindSpec, given: Any
    ) -> None:
        """A form that can be read alone says so; what is written is read again."""
        value = codecs.read(self.kind, given)
        for suffix in spec.suffixes:
            try:
                content = codecs.write(self.kind, value, suffix)
            except InputError:
                if suffix == spec.suffixes[0]:
                    raise
                continue
            assert content, suffix
            assert codecs.read(self.kind, content) is not None, suffix

    def test_what_is_none_of_the_kind_is_the_callers_mistake(self, codecs: Codecs, tmp_path: Path) -> None:
        """And says what and why, in one line."""
        text = tmp_path / "notes.txt"
        text.write_text("This is a text, and nothing else. " * 50)
        wrong = [
            b"",
            b"\0" * 1000,
            b"nonsense",
            text,
            tmp_path / "nowhere",
            tmp_path,
            3,
            None,
            object(),
            io.StringIO("a"),
        ]
        for given in wrong:
            with pytest.raises(InputError) as caught:
                codecs.read(self.kind, given)
            assert caught.value.message
            assert "\n" not in caught.value.message
            if isinstance(given, Path):
                assert given.name in caught.value.message

    def test_content_that_is_cut_is_read_or_refused(self, codecs: Codecs, wire: bytes) -> None:
        """Never a crash."""
        for end in (1, 4, len(wire) // 4, len(wire) // 2, len(wire) - 1):
            with suppress(InputError):
                codecs.read(self.kind, wire[:end])

    def test_what_is_said_of_a_value_is_json(self, codecs: Codecs, given: Any) -> None:
        """It stands in `--json`."""
        said = codecs.describe(self.kind, codecs.read(self.kind, given))
        assert json.loads(json.dumps(said, allow_nan=False)) == said

    def test_a_value_can_be_sent_to_a_worker(self, codecs: Codecs, given: Any) -> None:
        """It pickles."""
        value = codecs.read(self.kind, given)
        self.assert_same(pickle.loads(pickle.dumps(value)), value)  # noqa: S301 - pickled in this line
