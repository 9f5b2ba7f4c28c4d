"""A disk that is truly full: the service goes on without its books, says so, and writes them once there is room."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.support.serving import Served, toy_home, until

SMALL = 'mount -t tmpfs -o size=512k tmpfs "$0" && exec "$@"'


def fill(path):
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))


@pytest.fixture
def disk(tmp_path):
    """A folder, and the command that has another one see a small disk in its place."""
    folder = tmp_path / "disk"
    folder.mkdir()
    under = ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL, str(folder)]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    tried = subprocess.run([*under, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no disk can be mounted here: {tried.stderr.strip()}")
    return folder, under


def test_the_service_goes_on_when_the_disk_is_full_and_writes_its_books_later(disk, tmp_path):
    folder, under = disk
    home, env = toy_home(tmp_path)
    said = {"model": "toy", "messages": [{"role": "user", "content": "a b c"}]}
    books = ("--database", f"sqlite:///{folder}/books.sqlite")
    with Served("toy", "--pull", *books, home=home, folder=tmp_path, env=env, under=under) as served:

        def behind():
            return " ".join(served.http.get("/healthz").json()["trouble"])

        def requests():
            used = served.http.get("/hub/v1/usage", headers=served.own).json()["usage"]
            return sum(each["requests"] for each in used)

        filler = served.inside(folder) / "filler"
        assert filler.parent.joinpath("books.sqlite").stat().st_size > 0
        with pytest.raises(OSError, match="No space left"):
            fill(filler)
        assert served.post("/v1/chat/completions", said).status_code == 200
        assert until(behind)
        assert "full" in behind()
        assert served.post("/v1/chat/completions", said).status_code == 200
        filler.unlink()
        assert until(lambda: not behind())
        assert requests() == 2
