"""What `hub bench` and `hub tune` measured is kept, the last of each, and what cannot be read is left out."""

from __future__ import annotations

import pytest

from hub.errors import StorageError
from hub.runtime.tuning.benches import keep_bench, kept_benches


def document(reference, day, **more):
    return {
        "model": "tests/toy",
        "reference": reference,
        "task": "t",
        "measured": f"2026-01-{day:02}",
        "ways": [],
        **more,
    }


def test_the_last_of_each_reference_and_command_is_kept_the_latest_first(hub_home):
    assert kept_benches() == []
    keep_bench(document("toy", 1), "bench")
    keep_bench(document("toy:int8", 3), "bench")
    keep_bench(document("toy", 4), "tune")
    path = keep_bench(document("toy", 2, rounds=9), "bench")
    assert path.is_relative_to(hub_home)
    found = [(each["reference"], each["by"], each["measured"]) for each in kept_benches()]
    assert found == [
        ("toy", "tune", "2026-01-04"),
        ("toy:int8", "bench", "2026-01-03"),
        ("toy", "bench", "2026-01-02"),
    ]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"model": "a", "ways": 3}', "\xff"])
def test_what_is_no_such_document_is_left_out(hub_home, content):
    keep_bench(document("toy", 1), "bench")
    (hub_home / "benches" / "other.json").write_bytes(content.encode("latin-1"))
    assert [each["reference"] for each in kept_benches()] == ["toy"]


def test_a_home_that_refuses_is_said(hub_home):
    hub_home.mkdir(parents=True)
    (hub_home / "benches").write_text("a file where the folder should be")
    with pytest.raises(StorageError):
        keep_bench(document("toy", 1), "bench")
