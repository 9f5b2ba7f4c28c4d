"""Other clients than the library: the `hf` command, transformers, `hub` itself, and an older client."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import HfApi

from tests.conftest import CACHE, pip, weights_home  # noqa: F401
from tests.support.mirror import Mirror


@pytest.fixture
def env(shared: Mirror, tmp_path: Path) -> dict[str, str]:
    """Environment of somebody whose Hub is the mirror, and who is ada."""
    return {
        **os.environ,
        "HF_ENDPOINT": shared.url,
        "HF_TOKEN": shared.tokens["ada"],
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }


def run(env: dict[str, str], *command: str, ok: bool = True) -> str:
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=280, stdin=subprocess.DEVNULL)
    assert not ok or result.returncode == 0, result.stderr[-3000:]
    return result.stdout + (result.stderr if not ok else "")


def hf(env: dict[str, str], *arguments: str, ok: bool = True) -> str:
    return run(env, sys.executable, "-m", "huggingface_hub.cli.hf", *arguments, ok=ok)


def test_the_hf_command_logs_in_uploads_downloads_and_lists(env, repo, tmp_path):
    assert "ada" in hf(env, "auth", "whoami")
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "a.txt").write_text("hello")
    (tmp_path / "up" / "w.safetensors").write_bytes(b"\0" * 3000)
    hf(env, "upload", repo, str(tmp_path / "up"), ".", "--commit-message", "by hand")
    hf(env, "download", repo, "--local-dir", str(tmp_path / "down"))
    assert (tmp_path / "down" / "a.txt").read_text() == "hello"
    assert (tmp_path / "down" / "w.safetensors").read_bytes() == b"\0" * 3000
    assert repo in hf(env, "models", "ls", "--search", repo.partition("/")[2], "--quiet")
    hf(env, "repos", "tag", "create", repo, "v1")
    assert "nothing" in hf(env, "download", repo, "nothing.txt", ok=False)


CARD = """
import sys
from huggingface_hub import ModelCard, ModelCardData, metadata_load, model_info
repo = sys.argv[1]
card = ModelCard.from_template(ModelCardData(license="mit", tags=["carded"]), model_id="x", model_description="d")
card.push_to_hub(repo)
print(ModelCard.load(repo).data.license, model_info(repo).tags)
bad = ModelCard("---\\nlicense: [\\n---\\nx")
"""


def test_cards_are_pushed_and_loaded(env, repo):
    assert "mit ['carded'" in run(env, sys.executable, "-W", "ignore", "-c", CARD.rpartition("bad =")[0], repo)


TRANSFORMERS = """
import sys
from transformers import AutoModel, BertConfig, BertModel
repo = sys.argv[1]
model = BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, vocab_size=20))
model.push_to_hub(repo)
again = AutoModel.from_pretrained(repo)
assert all((a == b).all() for a, b in zip(model.state_dict().values(), again.state_dict().values()))
print(type(again).__name__)
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
def test_transformers_pushes_a_model_and_loads_it_again(env, repo, api):
    assert run(env, sys.executable, "-c", TRANSFORMERS, repo).split()[-1] == "BertModel"
    info = api.model_info(repo)
    assert info.library_name == "transformers"
    assert {"config.json", "model.safetensors"} <= set(api.list_repo_files(repo))
    assert api.get_safetensors_metadata(repo).parameter_count["F32"] > 100


OLD = """
import os, sys, huggingface_hub
from huggingface_hub import HfApi, snapshot_download, CommitOperationAdd
assert huggingface_hub.__version__.startswith("1."), huggingface_hub.__version__
repo, folder = sys.argv[1:]
api = HfApi()
api.upload_folder(repo_id=repo, folder_path=folder)
found = snapshot_download(repo)
for name in os.listdir(folder):
    assert open(os.path.join(found, name), "rb").read() == open(os.path.join(folder, name), "rb").read()
pull = api.create_commit(repo, [CommitOperationAdd("p.txt", b"p")], commit_message="pull", create_pr=True)
api.merge_pull_request(repo, pull.pr_num)
assert "p.txt" in api.list_repo_files(repo)
print([model.id for model in api.list_models(search=repo.split("/")[1])], api.whoami()["name"])
"""


@pytest.mark.slow
@pytest.mark.venv
@pytest.mark.parametrize("xet", ["0", "1"])
def test_the_last_client_of_version_1_uploads_and_downloads(env, repo, tmp_path, xet):
    target = CACHE / "huggingface-hub-1"
    with FileLock(f"{target}.lock"):
        if not (target / "huggingface_hub").is_dir():
            pip("install", "--quiet", "--target", str(target), "huggingface-hub<2", "hf-xet")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "w.bin").write_bytes(os.urandom(12_000_000))
    (folder / "a.txt").write_text("a")
    env = {**env, "PYTHONPATH": str(target), "HF_HUB_DISABLE_XET": xet}
    assert repo in run(env, sys.executable, "-W", "ignore", "-c", OLD, repo, str(folder))


def hub(env: dict[str, str], *arguments: str, ok: bool = True) -> str:
    return run(env, sys.executable, "-m", "hub", *arguments, ok=ok)


@pytest.fixture
def tiny(api: HfApi, repo: str) -> str:
    """A repository that `hub` can pull: weights and a config."""
    from huggingface_hub import CommitOperationAdd

    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + b"\0" * 4
    config = json.dumps({"model_type": "bert", "architectures": ["BertModel"]}).encode()
    api.create_commit(
        repo,
        [
            CommitOperationAdd("model.safetensors", weights),
            CommitOperationAdd("config.json", config),
            CommitOperationAdd("README.md", b"---\nlicense: mit\npipeline_tag: feature-extraction\n---\n"),
        ],
        commit_message="weights",
    )
    return repo


def test_hub_pulls_from_it_by_hf_endpoint(env, tiny):
    (pulled,) = json.loads(hub(env, "pull", f"hf:{tiny}", "--json"))
    assert {"model.safetensors", "config.json"} <= {path.name for path in Path(pulled["path"]).iterdir()}


def test_a_hub_with_a_name_is_searched_and_pulled_from(env, tiny, shared, api):
    named = {name: value for name, value in env.items() if not name.startswith("HF_EN") and name != "HF_TOKEN"}
    named["HUB_HUBS"] = f"team={shared.url}"
    hits = json.loads(hub(named, "search", tiny.partition("/")[2], "--json"))
    assert [(hit["name"], hit["license"], hit["registry"]) for hit in hits] == [(f"team:{tiny}", "mit", "team")]
    (pulled,) = json.loads(hub(named, "pull", f"team:{tiny}", "--json"))
    assert {"model.safetensors", "config.json"} <= {path.name for path in Path(pulled["path"]).iterdir()}
    api.update_repo_settings(tiny, private=True)
    assert "HUB_TOKEN_" in hub({**named, "HUB_HOME": f"{env['HUB_HOME']}2"}, "pull", f"team:{tiny}", ok=False)
    private = {**named, "HUB_HOME": f"{env['HUB_HOME']}3", "HUB_TOKEN_TEAM": shared.tokens["ada"]}
    hub(private, "pull", f"team:{tiny}")


def refused(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code of `hub …` and what it says."""
    command = [sys.executable, "-m", "hub", *arguments]
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return result.returncode, result.stderr


def test_a_branch_that_moved_is_told_and_not_taken(env, tiny, api):
    hub(env, "pull", f"hf:{tiny}")
    api.upload_file(path_or_fileobj=b'{"model_type": "other"}', path_in_repo="config.json", repo_id=tiny)
    code, said = refused(env, "pull", f"hf:{tiny}")
    assert (code, api.model_info(tiny).sha[:12] in said) == (4, True)
    hub(env, "pull", f"hf:{tiny}@{api.model_info(tiny).sha}")


def test_what_hub_may_not_have_is_told_apart(env, tiny, api, shared):
    nobody = {**env, "HF_TOKEN": ""}
    bob = {**env, "HF_TOKEN": shared.tokens["bob"]}
    code, said = refused(env, "pull", "hf:ada/none")
    assert (code, "there is no model 'ada/none'" in said) == (1, True)
    code, said = refused(env, "pull", f"hf:{tiny}@none")
    assert (code, "has no revision 'none'" in said) == (1, True)
    api.update_repo_settings(tiny, gated="manual")
    for who in (nobody, bob):
        code, said = refused(who, "pull", f"hf:{tiny}")
        assert (code, "is gated" in said) == (1, True), said
    api.grant_access(tiny, "bob")
    hub(bob, "pull", f"hf:{tiny}")
    api.update_repo_settings(tiny, private=True)
    code, said = refused({**nobody, "HUB_HOME": f"{env['HUB_HOME']}-n"}, "pull", f"hf:{tiny}")
    assert (code, "it is private and no token is set" in said) == (1, True), said


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="llama.cpp is not installed")
def test_real_weights_in_it_answer(env, repo, api, weights_home, shared):  # noqa: F811
    import hub as core

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        artifact = core.pull("smollm2-135m")
    (weights,) = [file.path for file in artifact.files if file.path.endswith(".gguf")]
    api.upload_file(path_or_fileobj=Path(artifact.path) / weights, path_in_repo="model.Q4_1.gguf", repo_id=repo)
    named = {name: value for name, value in env.items() if name != "HF_ENDPOINT"} | {"HUB_HUBS": f"team={shared.url}"}
    question = "Who wrote Romeo and Juliet?"
    assert "Shakespeare" in hub(named, "run", f"team:{repo}", "--max-tokens", "30", question)
    assert hub(env, "run", f"hf:{repo}", "--max-tokens", "1", question).strip()
