"""Snapshots against a dictionary: whatever is edited, they say the same, and equal content has one name."""

from __future__ import annotations

import random
import sqlite3

import pytest
from hub_mirror.snapshots import EMPTY, Entry, Snapshots


@pytest.fixture
def connection():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE pages (hash TEXT PRIMARY KEY, data BLOB NOT NULL)")
    return database


def entry(path: str, number: int) -> Entry:
    return Entry(path, number, f"{number:064x}", f"{number:040x}", False, 0)


def path_of(chance: random.Random) -> str:
    return (
        "/".join(
            chance.choice(["a", "b-", "b", "ä", "z z"]) + str(chance.randrange(12)) for _ in range(chance.randint(1, 3))
        )
        + ".t"
    )


@pytest.mark.parametrize("seed", range(5))
def test_edits_give_what_a_dictionary_gives(connection, seed):
    chance = random.Random(seed)
    snapshots, name, model = Snapshots(), EMPTY, dict[str, Entry]()
    for _ in range(25):
        edits: dict[str, Entry | None] = {}
        for _ in range(chance.choice([1, 3, 200])):
            path = chance.choice(sorted(model)) if model and chance.random() < 0.4 else path_of(chance)
            edits[path] = None if chance.random() < 0.4 else entry(path, chance.randrange(1000))
        before, old = snapshots.open(connection, name), dict(model)
        name = before.changed(edits)
        for path, new in edits.items():
            if new is None:
                model.pop(path, None)
            else:
                model[path] = new
        after = snapshots.open(connection, name)
        assert [each.path for each in after.scan()] == sorted(model)
        assert {each.path: each for each in after.scan()} == model
        assert (after.count, after.size) == (len(model), sum(each.size for each in model.values()))
        expected = {path for path in old.keys() | model.keys() if old.get(path) != model.get(path)}
        assert {change.path for change in before.differences(after)} == expected
        for path in [*sorted(model)[:20], "none"]:
            assert after.get(path) == model.get(path)


def test_equal_content_has_one_name_whatever_its_history(connection):
    chance = random.Random(7)
    snapshots = Snapshots()
    entries = {path: entry(path, index) for index, path in enumerate({path_of(chance) for _ in range(600)})}
    at_once = snapshots.open(connection, EMPTY).changed(entries)
    name, order = EMPTY, list(entries)
    chance.shuffle(order)
    extra = {f"extra{index}": entry(f"extra{index}", index) for index in range(50)}
    for path, one in [*extra.items(), *((path, entries[path]) for path in order)]:
        name = snapshots.open(connection, name).changed({path: one})
    name = snapshots.open(connection, name).changed(dict.fromkeys(extra))
    assert name == at_once
    assert snapshots.open(connection, name).changed(dict.fromkeys(entries)) == EMPTY


def test_a_change_rewrites_few_pages(connection):
    snapshots = Snapshots()
    name = snapshots.open(connection, EMPTY).changed(
        {f"{index:05d}": entry(f"{index:05d}", index) for index in range(20_000)}
    )
    count = connection.execute("SELECT COUNT(*) FROM pages").fetchone()[0]
    snapshots.open(connection, name).changed({"10000": entry("10000", 1)})
    assert connection.execute("SELECT COUNT(*) FROM pages").fetchone()[0] - count == 2
    assert count > 100
