"""What every source must do, as tests: subclass, give a fixture, and run pytest. Knows nothing of any protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from hub.errors import HubError, NotFound, Offline, SourceError, VerificationError
from hub.plugin.fixtures import SourceFixture
from hub.plugin.host import Provided, get_host
from hub.plugin.specs import SourceSpec
from hub.sources import Listing, Source, SourceContext
from hub.store.memory_sink import MemorySink
from hub.testing.held import Held
from hub.types import WeightFile

__all__ = ["SourceContract"]

Fetch = Callable[..., bytes]
FILES = {"weights.bin": 300_000, "config.json": 17, "sub/name with blanks.txt": 5}


class SourceContract:
    """Subclass it as `Test…`, and set `fixture`."""

    fixture: ClassVar[SourceFixture | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Files that are served: of several sizes, and with a name that has to be quoted."""
        folder, generator = tmp_path_factory.mktemp("served"), np.random.default_rng(0)
        for name, size in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(generator.bytes(size))
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def locate(cls, folder: Path) -> Iterator[Callable[[str], str]]:
        """From a name to its locator, while the files are served."""
        assert cls.fixture is not None, "set `fixture` to a SourceFixture"
        with cls.fixture.serve(folder) as locate:
            yield locate

    @pytest.fixture(scope="class")
    @classmethod
    def provided(cls) -> Provided[SourceSpec]:
        """The source's spec and who gave it."""
        assert cls.fixture is not None
        return get_host().sources[cls.fixture.of.partition("/")[2]]

    @pytest.fixture
    def make(self, provided: Provided[SourceSpec], tmp_path: Path) -> Iterator[Callable[..., Source]]:
        """Make the source, as a pull does; all are closed at the end."""
        target = get_host().resolve(provided, provided.spec.target)
        made: list[Source] = []

        def make(*, offline: bool = False) -> Source:
            made.append(target(SourceContext(scratch=tmp_path, offline=offline)))
            return made[-1]

        yield make
        for source in made:
            source.close()

    def test_it_gives_the_bytes_of_every_file(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """Large and small, with names that have to be quoted."""
        source = make()
        for name in FILES:
            assert fetched(source, locate(name), folder / name) == (folder / name).read_bytes(), name

    def test_it_goes_on_where_an_interrupted_pull_ended(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """Or begins again and says so to the sink; never are bytes there twice."""
        path = folder / "weights.bin"
        for held in (1, 1000, 299_999, 300_000):
            assert fetched(make(), locate(path.name), path, held=held) == path.read_bytes(), held

    def test_a_file_that_is_not_there_is_not_found(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """And says which; the next one is fetched all the same."""
        source = make()
        with pytest.raises(NotFound) as caught:
            fetched(source, locate("no-such-file.bin"), folder / "config.json")
        assert caught.value.message
        assert fetched(source, locate("config.json"), folder / "config.json")

    def test_a_locator_that_is_nonsense_is_an_error_of_the_source(
        self, make: Callable[..., Source], folder: Path
    ) -> None:
        """Never a traceback."""
        for locator in ("", "..", "//", "no such thing\x00", "../../etc/passwd"):
            with pytest.raises(HubError):
                fetched(make(), locator, folder / "config.json")

    def test_a_sink_that_refuses_ends_the_fetch(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """More bytes than were promised: what the sink raises comes out as it is."""
        path = folder / "weights.bin"
        sink = MemorySink(_file(path), 1000, lambda: VerificationError("more than promised"))
        with pytest.raises(VerificationError):
            make().fetch(locate(path.name), sink)

    def test_told_to_stay_offline_it_says_so(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """And does not try."""
        assert self.fixture is not None
        if not self.fixture.networked:
            pytest.skip("it needs no network")
        with pytest.raises(Offline):
            fetched(make(offline=True), locate("config.json"), folder / "config.json")

    def test_files_are_fetched_at_the_same_time(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """Each by an instance of its own, as a pull does."""
        names = list(FILES) * 3
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda name: fetched(make(), locate(name), folder / name), names))
        assert found == [(folder / name).read_bytes() for name in names]

    def test_a_repository_is_listed_or_refused(self, make: Callable[..., Source], locate: Callable[[str], str]) -> None:
        """With an immutable revision and the path of every file; a source without repositories says so."""
        assert self.fixture is not None
        if not self.fixture.repository:
            with pytest.raises(SourceError):
                make().listing("org/name")
            return
        listing = make().listing(locate(""))
        assert isinstance(listing, Listing)
        assert listing.revision
        assert {file.path for file in listing.files} == set(FILES)

    def test_opening_and_closing_often_leaks_nothing(
        self, make: Callable[..., Source], locate: Callable[[str], str], folder: Path
    ) -> None:
        """No open file and no thread is left."""
        path = folder / "config.json"

        def once() -> None:
            source = make()
            fetched(source, locate(path.name), path)
            source.close()

        once()
        before = Held.now()
        for _ in range(12):
            once()
        assert Held.now().leaks_since(before, 1 << 20) == []


def fetched(source: Source, locator: str, path: Path, held: int = 0) -> bytes:
    """What the source pushes into a sink that holds the first bytes already."""
    sink = MemorySink(_file(path), 1 << 24, lambda: VerificationError("more than promised"))
    sink.write(path.read_bytes()[:held])
    source.fetch(locator, sink)
    return bytes(sink.content)


def _file(path: Path) -> WeightFile:
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return WeightFile(path=path.name, size=len(content), sha256=sha256, sources=())
