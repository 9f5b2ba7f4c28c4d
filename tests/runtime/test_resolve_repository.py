"""Unlisted repositories, through the real command and the real client, on a real hub on loopback."""

from __future__ import annotations

import json

import pytest

BERT = {
    "config.json": json.dumps({"model_type": "bert", "max_position_embeddings": 512}).encode(),
    "model.safetensors": b"s" * 100,
    "pytorch_model.bin": b"p" * 100,
    "modeling.py": b"raise SystemExit",
    "tokenizer.json": b"{}",
}


@pytest.fixture
def info(hub, run_hub):
    def ask(reference: str):
        return run_hub("info", "--json", reference, env=hub.env)

    return ask


def test_an_unlisted_repository_is_told_by_its_files_and_its_config(hub, info):
    commit = hub.add("acme/bert", BERT).refs["main"]
    result = info("hf:acme/bert")
    assert result.returncode == 0, result.stderr
    shown = json.loads(result.stdout)
    assert (shown["id"], shown["origin"], shown["family"], shown["revision"]) == (
        "acme/bert",
        "unlisted",
        "bert",
        commit,
    )
    (variant,) = shown["variants"]
    assert [file["path"] for file in variant["files"]] == ["config.json", "model.safetensors", "tokenizer.json"]
    assert variant["files"][1]["sources"] == [f"hf:acme/bert@{commit}/model.safetensors"]
    assert "nobody vouches for it" in result.stderr
    assert f"pinned to {commit[:12]}" in result.stderr


def test_what_was_seen_first_is_what_is_taken_later_also_without_the_network(hub, info, run_hub):
    repository = hub.add("acme/bert", BERT)
    first = json.loads(info("hf:acme/bert").stdout)
    repository.commit({**BERT, "model.safetensors": b"other"})
    assert json.loads(info("hf:acme/bert").stdout)["revision"] == first["revision"]
    offline = run_hub("info", "--json", "hf:acme/bert", env={**hub.env, "HUB_OFFLINE": "1"})
    assert offline.returncode == 0, offline.stderr
    assert json.loads(offline.stdout)["variants"] == first["variants"]


def test_a_revision_is_a_pin_of_its_own(hub, info):
    repository = hub.add("acme/bert", BERT)
    other = repository.commit({**BERT, "model.safetensors": b"other"}, branch="next")
    info("hf:acme/bert")
    assert json.loads(info("hf:acme/bert@next").stdout)["revision"] == other


def test_a_variant_of_an_unlisted_repository_is_named_by_its_quantization(hub, info):
    hub.add("acme/tiny-GGUF", {"tiny.Q8_0.gguf": b"8" * 20, "tiny.Q4_K_M.gguf": b"4" * 10})
    shown = json.loads(info("hf:acme/tiny-GGUF:q8_0").stdout)
    assert [variant["name"] for variant in shown["variants"]] == ["q8_0"]


def test_a_repository_of_pickles_is_refused_before_anything_is_fetched(hub, info):
    hub.add("acme/pickle", {"config.json": BERT["config.json"], "pytorch_model.bin": b"p"})
    result = info("hf:acme/pickle")
    assert result.returncode == 4
    assert "pickle alone (pytorch_model.bin)" in result.stderr


def test_a_config_of_another_size_than_promised_is_refused(hub, info):
    hub.add("acme/bert", BERT)
    hub.faults.other_bytes["config.json"] = b" " * (len(BERT["config.json"]) + 1)
    result = info("hf:acme/bert")
    assert (result.returncode, result.stdout) == (4, "")
    assert "config.json" in result.stderr


def test_a_repository_that_a_registry_lists_says_so(hub, info):
    hub.add("sentence-transformers/all-MiniLM-L6-v2", BERT)
    assert "A registry lists it as all-minilm-l6-v2" in info("hf:sentence-transformers/all-MiniLM-L6-v2").stderr


def test_a_repository_that_is_not_there_fails_with_its_name(hub, info):
    result = info("hf:acme/none")
    assert result.returncode == 1
    assert "'acme/none' does not exist" in result.stderr
