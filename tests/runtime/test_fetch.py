"""From a target to weights on the disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import BadReference, PluginMissing, UsageError
from hub.registry.schema import File, Model, Variant
from hub.runtime.planning.variant import choose_variant
from hub.runtime.references.fetch import fetch
from hub.runtime.references.sources import find_source
from hub.runtime.references.target import Target, record_name, variant_of
from hub.store.sources.file import FileSource
from hub.store.store import Store
from tests.support.store import sha256


def variant(name: str, source: str) -> Variant:
    file = File(path="m.nosuch", size=5, sha256=sha256(b"hello"), sources=(source,))
    return Variant(name=name, format="nosuch", files=(file,))


@pytest.fixture
def target(tmp_path) -> Target:
    (tmp_path / "m").write_bytes(b"hello")
    source = f"file:{tmp_path}/m"
    model = Model(
        id="tests/toy",
        aliases=("toy",),
        task="text-generation",
        license="MIT",
        summary="",
        variants=(variant("one", source), variant("two", source)),
    )
    return Target(reference="toy", model=model, origin="tests")


def test_fetch_keeps_a_record_of_what_was_asked_for(hub_home, target):
    artifact = fetch(target, "two", store=Store())
    (record,) = Store().records()
    assert (record.model, record.variant, record.reference) == ("tests/toy", "two", "toy")
    assert (artifact.path / "m.nosuch").read_bytes() == b"hello"


def test_an_unlisted_repository_keeps_its_scheme_in_its_name(target):
    assert record_name(target) == "tests/toy"
    assert record_name(replace(target, reference="hf:tests/toy", revision="0" * 40)) == "hf:tests/toy"


def test_a_path_has_nothing_to_pull(hub_home, target, tmp_path):
    path = replace(target, root=tmp_path)
    with pytest.raises(UsageError, match="nothing to pull"):
        choose_variant(path, store=Store())
    with pytest.raises(UsageError, match="nothing to pull"):
        fetch(path, "one", store=Store())


def test_an_unknown_variant_names_those_that_are(target):
    with pytest.raises(BadReference, match="it has one, two"):
        variant_of(target, "three")


def test_the_variant_that_was_asked_for_is_chosen_without_a_word(hub_home, target):
    assert choose_variant(replace(target, variant="two"), store=Store()) == ("two", "")


def test_where_nothing_runs_the_first_variant_is_chosen_and_the_reason_given(hub_home, target):
    name, why = choose_variant(target, store=Store())
    assert name == "one"
    assert "taking the first, one" in why


def test_sources_of_the_core_are_found_by_scheme():
    assert find_source("file") is FileSource
    for scheme in ("hf", "pypi", "https", "http"):
        assert callable(find_source(scheme))


def test_a_scheme_that_nothing_provides_says_what_to_look_for():
    with pytest.raises(PluginMissing, match="'s3:'") as caught:
        find_source("s3")
    assert "hub plugin search s3" in caught.value.hint
