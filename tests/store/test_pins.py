"""Pins of unlisted repositories: first use decides, a later change is reported and not taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Offline, StorageError, VerificationError
from hub.sources import Listing
from hub.store.pins import is_commit, learn, pin_path, pinned_listing
from hub.types import WeightFile

COMMIT, LATER = "a" * 40, "b" * 40
NAME = "org/model@feature/ä x"


def weight(path: str, size: int | None, sha256: str | None, commit: str = COMMIT) -> WeightFile:
    return WeightFile(path=path, size=size, sha256=sha256, sources=(f"hf:org/model@{commit}/{path}",))


NOW = Listing(revision=COMMIT, files=(weight("config.json", 10, None), weight("ä/w.safetensors", 99, "1" * 64)))


def give(listing: Listing) -> object:
    def fetch(locator: str) -> Listing:
        assert locator == NAME
        return listing

    return fetch


def never(_: str) -> Listing:
    raise Offline("the network was asked")


@pytest.fixture
def pinned() -> Listing:
    return pinned_listing("hf", NAME, give(NOW))


def test_later_use_gets_what_the_first_one_found_without_asking(pinned: Listing) -> None:
    assert pinned == NOW
    assert pinned_listing("hf", NAME, never) == NOW


def test_each_repository_and_revision_is_pinned_on_its_own(pinned: Listing) -> None:
    for other in ("org/model", "org/model@feature", "org/model@feature-ä x", "ORG/model@feature/ä x"):
        assert pin_path("hf", other) != pin_path("hf", NAME)
        with pytest.raises(Offline):
            pinned_listing("hf", other, never)
    assert pin_path("other", NAME) != pin_path("hf", NAME)


def test_first_use_that_fails_pins_nothing() -> None:
    with pytest.raises(Offline):
        pinned_listing("hf", NAME, never)
    assert not pin_path("hf", NAME).exists()


def test_refresh_that_finds_no_change_is_silent(pinned: Listing) -> None:
    assert pinned_listing("hf", NAME, give(NOW), refresh=True) == NOW


def test_revision_that_moved_is_reported_with_every_change_and_not_taken(pinned: Listing) -> None:
    files = (weight("added.json", 1, None, LATER), weight("ä/w.safetensors", 99, "2" * 64, LATER))
    with pytest.raises(VerificationError, match="not taken") as caught:
        pinned_listing("hf", NAME, give(Listing(revision=LATER, files=files)), refresh=True)
    assert caught.value.exit_code == 4
    assert caught.value.details == (
        f"commit {COMMIT} is now {LATER}",
        "added.json: added",
        "config.json: removed",
        f"ä/w.safetensors: sha256 {'1' * 64} is now {'2' * 64}",
    )
    assert pinned_listing("hf", NAME, never) == NOW


@pytest.mark.parametrize("changed", [weight("config.json", 11, None), weight("config.json", None, "3" * 64)])
def test_server_that_changes_a_commit_is_reported(pinned: Listing, changed: WeightFile) -> None:
    learn("hf", NAME, [weight("config.json", 10, "0" * 64)])
    listing = replace(NOW, files=(changed, NOW.files[1]))
    with pytest.raises(VerificationError) as caught:
        pinned_listing("hf", NAME, give(listing), refresh=True)
    assert len(caught.value.details) == 1
    assert caught.value.details[0].startswith("config.json: ")


def test_hint_is_the_command_that_accepts_the_change(pinned: Listing) -> None:
    moved = Listing(revision=LATER, files=NOW.files)
    with pytest.raises(VerificationError) as caught:
        pinned_listing("hf", NAME, give(moved), refresh=True)
    subprocess.run(caught.value.hint.rpartition(": ")[2], shell=True, check=True)
    assert pinned_listing("hf", NAME, give(moved)) == moved


def test_hashes_that_pulling_found_are_kept(pinned: Listing) -> None:
    learn("hf", NAME, [weight("config.json", 10, "0" * 64), weight("not in the pin", 1, "9" * 64)])
    known = pinned_listing("hf", NAME, never)
    assert known.files == (weight("config.json", 10, "0" * 64), NOW.files[1])
    before = pin_path("hf", NAME).stat().st_mtime_ns
    learn("hf", NAME, known.files)
    assert pin_path("hf", NAME).stat().st_mtime_ns == before


def test_other_hash_than_the_pinned_one_is_never_learnt(pinned: Listing) -> None:
    with pytest.raises(VerificationError, match="not the pinned ones"):
        learn("hf", NAME, [weight("ä/w.safetensors", 99, "2" * 64), weight("config.json", 10, "0" * 64)])
    assert pinned_listing("hf", NAME, never) == NOW


def test_learning_without_a_pin_makes_none() -> None:
    learn("hf", NAME, NOW.files)
    assert not pin_path("hf", NAME).exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 2, "commit": "x", "files": []}', '{"files": [{}]}'])
def test_pin_that_cannot_be_read_is_named_and_not_replaced(pinned: Listing, content: str) -> None:
    path = pin_path("hf", NAME)
    path.write_text(content)
    with pytest.raises(StorageError, match="cannot be read") as caught:
        pinned_listing("hf", NAME, give(NOW))
    assert str(path) in caught.value.hint
    assert path.read_text() == content


def test_pin_says_what_it_is_and_leaves_no_scraps(pinned: Listing, hub_home: Path) -> None:
    content = json.loads(pin_path("hf", NAME).read_text(encoding="utf-8"))
    assert (content["reference"], content["commit"]) == (f"hf:{NAME}", COMMIT)
    assert sorted(path.suffix for path in (hub_home / "pins").iterdir()) in ([".json"], [".json", ".lock"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_read_only_home_serves_its_pins_and_says_that_it_cannot_make_one(pinned: Listing, hub_home: Path) -> None:
    (hub_home / "pins").chmod(0o500)
    try:
        assert pinned_listing("hf", NAME, never) == NOW
        with pytest.raises(StorageError, match="cannot be written"):
            pinned_listing("hf", "org/other", lambda _: NOW)
    finally:
        (hub_home / "pins").chmod(0o700)


def test_home_that_is_in_the_way_says_that_it_cannot_make_a_pin(hub_home: Path) -> None:
    hub_home.write_text("a file")
    with pytest.raises(StorageError, match="cannot be"):
        pinned_listing("hf", NAME, give(NOW))


def test_of_several_processes_at_once_the_first_one_decides() -> None:
    script = (
        "import sys\n"
        "from hub.sources import Listing\n"
        "from hub.store.pins import pinned_listing\n"
        "def fetch(_):\n"
        "    print('asked', flush=True)\n"
        "    sys.stdin.read()\n"
        "    return Listing(revision=sys.argv[1] * 40, files=())\n"
        "print(pinned_listing('hf', 'org/model', fetch).revision)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, digit], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for digit in "0123"
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
    said = {process.communicate(timeout=60)[0] for process in started}
    assert said == {pinned_listing("hf", "org/model", never).revision + "\n"}


@pytest.mark.parametrize(
    ("revision", "is_one"),
    [("0" * 40, True), ("0" * 39, False), ("main", False), ("A" * 40, False), ("0" * 40 + "\n", False)],
)
def test_only_a_full_hash_is_a_commit(revision: str, is_one: bool) -> None:
    assert is_commit(revision) is is_one
