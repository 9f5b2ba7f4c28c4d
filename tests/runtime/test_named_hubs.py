"""Hubs that the person gave a name: used as a scheme, with a token and a cache of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hub import config
from hub.errors import UsageError

BERT = {
    "config.json": json.dumps({"model_type": "bert", "architectures": ["BertModel"]}).encode(),
    "model.safetensors": b"s" * 100,
}


@pytest.fixture
def named(hub):
    """Settings of somebody for whom the server is `team`, and whose own Hub is elsewhere."""
    return {"HUB_HUBS": f"team={hub.url}", "HF_ENDPOINT": "http://127.0.0.1:9"}


def test_a_repository_of_a_named_hub_is_pinned_and_pulled_into_a_cache_of_its_own(hub, named, run_hub):
    commit = hub.add("acme/bert", BERT).refs["main"]
    result = run_hub("pull", "team:acme/bert", "--json", env=named)
    assert result.returncode == 0, result.stderr
    (pulled,) = json.loads(result.stdout)
    assert pulled["revision"] == commit
    assert (Path(os.environ["HF_HOME"]) / "hubs" / "team" / "models--acme--bert").is_dir()
    assert not (Path(os.environ["HF_HOME"]) / "hub").exists()
    assert run_hub("info", "team:acme/bert", "--json", env={**named, "HUB_OFFLINE": "1"}).returncode == 0


def test_the_token_of_the_public_hub_is_never_sent_to_a_named_one(hub, named, run_hub):
    hub.add("acme/secret", BERT, private=True)
    refused = run_hub("pull", "team:acme/secret", env={**named, "HF_TOKEN": hub.member})
    assert refused.returncode == 1
    assert "HUB_TOKEN_" in refused.stderr
    assert run_hub("pull", "team:acme/secret", env={**named, "HUB_TOKEN_TEAM": hub.member}).returncode == 0


@pytest.mark.parametrize("given", ["hf=https://x", "team", "team=ftp://x", "Te am=https://x", "=https://x"])
def test_a_hub_without_a_proper_name_or_address_is_refused(given, monkeypatch):
    monkeypatch.setenv("HUB_HUBS", given)
    with pytest.raises(UsageError, match="is no NAME=https://"):
        config.hubs()


def test_a_hub_that_does_not_answer_is_said_and_the_search_goes_on(run_hub):
    result = run_hub("search", "smollm2", "--json", env={"HUB_HUBS": "gone=http://127.0.0.1:9"})
    assert "hub 'gone' (http://127.0.0.1:9) does not answer" in result.stderr
    assert json.loads(result.stdout)
