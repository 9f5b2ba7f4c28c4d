from __future__ import annotations

import subprocess
import sys

import pytest

import hub
from hub.errors import UsageError
from hub.registry.catalogue import Catalogue, load_catalogue
from hub.registry.decode import decode
from hub.registry.names import near
from hub.registry.search import expected_memory, search
from tests.support.registries import file, model, registry, variant

SMOL, MINI = "smollm2-135m", "all-minilm-l6-v2"


def found(query: str = "", **filters: object) -> list[str]:
    return [hit.name for hit in hub.search(query, **filters)]


def made(*models: dict[str, object]) -> Catalogue:
    return Catalogue([(decode(registry(*models), name="r"), "r")])


def two(**filters: object) -> list[str]:
    """Which of two models are left, in order: others may be listed beside them."""
    return [name for name in found(**filters) if name in (SMOL, MINI)]


def test_without_a_query_every_model_is_found():
    assert len(found()) == len(set(found())) == len(load_catalogue().models)
    assert set(two()) == {SMOL, MINI}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        (SMOL, SMOL),
        ("ALL_MINILM_L6_V2", MINI),
        ("huggingfacetb", SMOL),
        ("chat", SMOL),
        ("sentence embeddings", MINI),
        ("minilm", MINI),
        ("feature-extraction", MINI),
        ("bert", MINI),
    ],
)
def test_a_query_finds_by_alias_id_tag_summary_task_and_family(query, first):
    assert found(query) == [first]


@pytest.mark.parametrize(("query", "first"), [("smolm2", SMOL), ("embeding", MINI), ("sentnce embeddings", MINI)])
def test_a_misspelt_query_finds_what_is_near_and_says_so(query, first):
    (hit,) = hub.search(query)
    assert (hit.name, hit.near) == (first, True)


def test_a_query_that_nothing_is_near_to_finds_nothing():
    assert found("zzzzzz") == []


def test_better_matches_come_first():
    catalogue = made(
        model("z/summary", aliases=["e"], summary="good for parrot pictures"),
        model("y/tagged", aliases=["d"], tags=["parrot"]),
        model("x/my-parrots", aliases=["c"]),
        model("w/a-parrot", aliases=["b"]),
        model("v/parrot-large", aliases=["a"]),
        model("u/x", aliases=["parrot"]),
    )
    assert [hit.id for hit in search("parrot", catalogue=catalogue)] == [
        "u/x",
        "v/parrot-large",
        "w/a-parrot",
        "x/my-parrots",
        "y/tagged",
        "z/summary",
    ]


def test_of_equal_matches_the_smaller_comes_first_then_the_id():
    big = [variant(files=[file(size=20)])]
    catalogue = made(
        model("c/one-x", aliases=[], variants=big), model("b/two-x", aliases=[]), model("a/x-x", aliases=[])
    )
    assert [hit.id for hit in search(catalogue=catalogue)] == ["a/x-x", "b/two-x", "c/one-x"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"task": "text-generation"}, [SMOL]),
        ({"task": "image-classification"}, []),
        ({"license": "apache-2.0"}, [MINI, SMOL]),
        ({"license": ["MIT", "Apache-2.0"]}, [MINI, SMOL]),
        ({"license": ["MIT"]}, []),
        ({"format": "GGUF"}, [SMOL]),
        ({"max_size": "50MB"}, [MINI]),
        ({"max_size": 1000}, []),
        ({"max_memory": "120MB"}, [MINI]),
        ({"fits": True, "max_memory": "120MB"}, [MINI]),
    ],
)
def test_filters_leave_what_they_say(filters, names):
    assert two(**filters) == names


def test_filters_on_weights_hold_for_one_variant_at_a_time():
    (hit,) = hub.search("minilm", max_size="50MB")
    assert (hit.variants, hit.formats, hit.size) == (("onnx-int8",), ("onnx",), 23628156)
    assert hub.search("minilm", max_size="50MB", format="safetensors") == []


def test_a_licence_that_is_offered_with_or_counts():
    catalogue = made(model(license="MIT OR Apache-2.0"))
    assert search(license=["apache-2.0"], catalogue=catalogue)
    assert not search(license=["apache-2.0"], catalogue=made(model(license="MIT AND Apache-2.0")))


def test_what_does_not_fit_into_the_free_memory_is_left_out(monkeypatch):
    monkeypatch.setattr("hub.memory.free_memory", lambda: 100_000_000)
    assert two(fits=True) == [MINI]


def test_where_the_free_memory_is_not_known_fits_says_what_to_write(monkeypatch):
    monkeypatch.setattr("hub.memory.free_memory", lambda: None)
    with pytest.raises(UsageError) as caught:
        found(fits=True)
    assert "--max-memory" in caught.value.hint


def test_a_size_that_is_none_is_refused():
    with pytest.raises(UsageError, match="'big' is not a size"):
        found(max_size="big")


def test_the_expected_memory_of_a_language_model_counts_its_kv_cache():
    (entry,) = made(
        model(
            variants=[variant(files=[file(size=1_000_000_000)])],
            context_length=8192,
            config={"num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64},
        )
    ).models
    cache = 2 * 30 * 3 * 64 * 4096 * 2
    assert expected_memory(entry, entry.variants[0]) == 1_000_000_000 + cache + 100_000_000


def test_only_installed_variants_are_found_when_asked_for():
    (hit,) = search("minilm", installed=lambda variant: variant.name == "onnx")
    assert hit.variants == ("onnx",)


def test_near_names_come_nearest_first_and_compare_like_names_do():
    assert near("smolm", ["all-minilm", "SmolLM2-135M", "smollm2-360m"]) == ["SmolLM2-135M", "smollm2-360m"]
    assert near("qqq", ["all-minilm"]) == []


def test_search_imports_nothing_heavy():
    code = (
        "import sys, hub; hub.search('x', license=['MIT'], max_size='1GB', max_memory='1GB')\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "print('packaging.licenses' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, licences = result.stdout.splitlines()
    heavy = {"numpy", "requests", "huggingface_hub", "rich", "subprocess", "pluggy"}
    assert not heavy & set(loaded.split())
    assert not [name for name in loaded.split() if name.startswith("hub_")]
    assert licences == "False"
