from __future__ import annotations

import pytest

from hub.errors import SchemaError
from hub.registry.rules import SCHEMES
from hub.registry.validate import validate
from tests.support.registries import ZEROS, changed, file, model, registry, variant

FIRST = "$.models[0]"
VARIANT = f"{FIRST}.variants[0]"
FILE = f"{VARIANT}.files[0]"
SOURCE = f"{FILE}.sources[0]"

TYPES = [
    ("models.0.id", "tiny", f"{FIRST}.id"),
    ("models.0.id", "acme/../tiny", f"{FIRST}.id"),
    ("models.0.id", "acme/tiny\n", f"{FIRST}.id"),
    ("models.0.id", ..., f"{FIRST}: the field 'id' is missing"),
    ("models.0.aliases", "tiny", f"{FIRST}.aliases"),
    ("models.0.aliases.0", "has space", f"{FIRST}.aliases[0]"),
    ("models.0.aliases.0", "hf:tiny", f"{FIRST}.aliases[0]"),
    ("models.0.parameters", -1, f"{FIRST}.parameters"),
    ("models.0.parameters", 1.5, f"{FIRST}.parameters"),
    ("models.0.links", {"odd key": "javascript:x"}, f"{FIRST}.links['odd key']"),
    ("models.0.variants", [], f"{FIRST}.variants"),
    ("models.0.variants.0", 3, VARIANT),
    ("models.0.variants.0.files", [], f"{VARIANT}.files"),
    ("models.0.variants.0.files.0.size", -1, f"{FILE}.size"),
    ("models.0.variants.0.files.0.size", "10", f"{FILE}.size"),
    ("models.0.variants.0.files.0.size", True, f"{FILE}.size"),
    ("models.0.variants.0.files.0.sha256", ZEROS[:-1], f"{FILE}.sha256"),
    ("models.0.variants.0.files.0.sha256", ZEROS.replace("0", "A"), f"{FILE}.sha256"),
    ("models.0.variants.0.files.0.sources", [], f"{FILE}.sources"),
    ("models.0.variants.0.files.0.sources.0", "no-scheme", SOURCE),
    ("models", {}, "$.models"),
    ("name", "Not A Name", "$.name"),
    ("schema", 0, "$.schema"),
    ("schema", "1", "$.schema"),
    ("schema", ..., "$: the field 'schema' is missing"),
    ("plugins", [{"package": "-x", "summary": ""}], "$.plugins[0].package"),
    ("plugins", [{"package": "x", "summary": "", "homepage": "ftp://x"}], "$.plugins[0].homepage"),
]
RULES = [
    ("models.0.license", "Apache 2", f"{FIRST}.license: 'Apache 2' is not an SPDX"),
    ("models.0.license", "apache-2.0", f"{FIRST}.license: 'apache-2.0' is written 'Apache-2.0'"),
    ("models.0.config", {"a": {"b": 1}}, f"{FIRST}.config.a"),
    ("models.0.variants.0.files.0.path", "../x", f"{FILE}.path: '../x' climbs out"),
    ("models.0.variants.0.files.0.path", "a/../../x", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "/etc/passwd", f"{FILE}.path: '/etc/passwd' is absolute"),
    ("models.0.variants.0.files.0.path", "C:x", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "a\\b", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "a//b", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "./a", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "a\x1b[2J", f"{FILE}.path"),
    ("models.0.variants.0.files.0.path", "a" * 256, f"{FILE}.path"),
    ("models.0.variants.0.files.0.sources.0", "hf:org/name@main/x", f"{SOURCE}: must read hf:"),
    ("models.0.variants.0.files.0.sources.0", f"hf:org/name@{'0' * 40}/../x", f"{SOURCE}: its path climbs"),
    ("models.0.variants.0.files.0.sources.0", "pypi:package/x", f"{SOURCE}: must read pypi:"),
    ("models.0.variants.0.files.0.sources.0", "pypi:package>=1/x", SOURCE),
    ("models.0.variants.0.files.0.sources.0", "pypi:package==1/../x", SOURCE),
    ("models.0.variants.0.files.0.sources.0", "https://user@host/x", SOURCE),
    ("models.0.variants.0.files.0.sources.0", "file:relative", SOURCE),
    ("models.0.variants.0.files.0.sources.0", "htps://host/x", f"{SOURCE}: no source has the scheme 'htps:'; did you"),
    ("plugins", [{"package": "x", "summary": "", "version": "one"}], "$.plugins[0].version: 'one' is not a PEP 440"),
]


def faults(content: bytes, **options: object) -> tuple[str, ...]:
    with pytest.raises(SchemaError) as caught:
        validate(content, name="here.json", **options)
    return caught.value.details


@pytest.mark.parametrize(("path", "value", "expected"), TYPES + RULES)
def test_a_fault_is_reported_alone_and_with_its_path(path, value, expected):
    (found,) = faults(changed(registry(), path, value), schemes=SCHEMES)
    assert found.startswith(expected)


def test_a_right_registry_is_returned():
    assert validate(registry(), name="here.json", schemes=SCHEMES).models[0].id == "acme/tiny"


def test_all_faults_of_types_are_reported_at_once():
    content = registry()
    for path, value in [
        ("models.0.id", "x"),
        ("models.0.variants.0.files.0.size", -1),
        ("models.0.variants.0.files.0.sha256", "x"),
        ("models.0.task", ...),
        ("name", ""),
    ]:
        content = changed(content, path, value)
    assert [line.partition(":")[0] for line in faults(content)] == [
        "$.name",
        f"{FIRST}.id",
        FIRST,
        f"{FILE}.size",
        f"{FILE}.sha256",
    ]


def test_all_faults_of_rules_are_reported_at_once():
    entry = model(license="none", variants=[variant(files=[file("/a"), file("b", sources=["file:c"])])])
    assert len(faults(registry(entry, entry))) == 8  # three in each, and the id and alias of the second are taken


@pytest.mark.parametrize("other", ["Acme/Tiny", "acme/TINY"])
def test_an_id_that_differs_in_case_alone_is_taken(other):
    (found,) = faults(registry(model(), model(other, aliases=[])))
    assert found == f"$.models[1].id: '{other}' is taken by $.models[0].id"


def test_aliases_that_differ_in_hyphens_alone_are_the_same():
    (found,) = faults(registry(model(aliases=["a-b"]), model("acme/other", aliases=["A_b"])))
    assert found == "$.models[1].aliases[0]: 'A_b' is taken by $.models[0].aliases[0]"


def test_an_alias_may_not_be_the_name_of_another_model():
    (found,) = faults(registry(model(), model("acme/other", aliases=["tiny"])))
    assert found == "$.models[1].aliases[0]: 'tiny' is the name of another model, acme/tiny"


def test_an_alias_may_be_the_name_of_its_own_model():
    validate(registry(model(aliases=["tiny"])), name="here.json")


@pytest.mark.parametrize("paths", [("a", "A"), ("a", "a"), ("a", "a/b")])
def test_files_of_a_variant_do_not_lie_in_each_others_place(paths):
    assert len(faults(registry(model(variants=[variant(files=[file(path) for path in paths])])))) == 1


def test_variants_of_a_model_have_names_of_their_own():
    (found,) = faults(registry(model(variants=[variant("a"), variant("A")])))
    assert found == f"{FIRST}.variants[1].name: 'A' is taken by {FIRST}.variants[0].name"


def test_packages_that_an_index_takes_for_the_same_are_the_same():
    plugins = [{"package": name, "summary": ""} for name in ("hub_x.y", "Hub-X-Y")]
    assert faults(registry(plugins=plugins)) == ("$.plugins[1].package: 'Hub-X-Y' is taken by $.plugins[0].package",)


def test_a_scheme_is_known_when_a_plugin_of_the_registry_gives_it():
    plugins = [{"package": "hub-ipfs", "summary": "", "gives": {"sources": ["ipfs"]}}]
    content = registry(model(variants=[variant(files=[file(sources=["ipfs:abc"])])]), plugins=plugins)
    assert validate(content, name="here.json", schemes=SCHEMES).plugins[0].package == "hub-ipfs"


def test_a_scheme_of_a_later_version_does_not_make_a_registry_useless():
    validate(registry(model(variants=[variant(files=[file(sources=["later:abc"])])])), name="here.json")


def test_a_registry_from_the_network_may_not_name_files_of_this_machine():
    content = registry(model(variants=[variant(files=[file(sources=["file:/etc/passwd"])])]))
    validate(content, name="here.json")
    (found,) = faults(content, local=False)
    assert found.startswith(f"{SOURCE}: a registry from the network")
