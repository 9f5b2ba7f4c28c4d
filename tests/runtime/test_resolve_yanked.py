"""What a registry has withdrawn is not chosen any more, and still there for who names it."""

from __future__ import annotations

import pytest

from hub.errors import BadReference
from hub.registry.catalogue import load_catalogue
from hub.registry.search import search
from hub.runtime.references.resolve import resolve
from tests.support.registries import model, registry, variant


@pytest.fixture
def listed(tmp_path, monkeypatch):
    def write(*variants):
        path = tmp_path / "team.json"
        path.write_bytes(registry(model(variants=list(variants)), name="team"))
        monkeypatch.setenv("HUB_REGISTRIES", str(path))

    return write


def test_a_yanked_variant_is_passed_over(listed):
    listed(variant("int8", yanked="wrong tokenizer"), variant("fp32"))
    assert [each.name for each in resolve("acme/tiny").variants()] == ["fp32"]
    assert [hit.variants for hit in search("acme/tiny")] == [("fp32",)]


def test_who_names_a_yanked_variant_gets_it_with_the_reason(listed):
    listed(variant("int8", yanked="wrong \x1b[2Jtokenizer"), variant("fp32"))
    target = resolve("acme/tiny:int8")
    assert target.variant == "int8"
    assert target.notice == "Warning: acme/tiny:int8 was yanked by its registry, team: wrong [2Jtokenizer"


def test_a_model_whose_variants_are_all_yanked_is_refused_with_the_reasons_and_the_way_on(listed):
    listed(variant("int8", yanked="wrong tokenizer"))
    with pytest.raises(BadReference, match="was yanked by its registry, team") as caught:
        resolve("acme/tiny")
    assert caught.value.details == ("int8: wrong tokenizer",)
    assert caught.value.hint.endswith("acme/tiny:int8")
    assert search("acme/tiny") == []


def test_a_yanked_plugin_is_not_offered_any_more(tmp_path, monkeypatch):
    plugins = [{"package": "hub-good", "summary": ""}, {"package": "hub-gone", "summary": "", "yanked": "unsafe"}]
    path = tmp_path / "team.json"
    path.write_bytes(registry(plugins=plugins, name="team"))
    monkeypatch.setenv("HUB_REGISTRIES", str(path))
    offered = {plugin.package for plugin in load_catalogue().plugins}
    assert "hub-good" in offered
    assert "hub-gone" not in offered
    assert "hub-gone" in {each.plugin.package for each in load_catalogue().listed}
