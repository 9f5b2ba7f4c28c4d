"""`hub pull` as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.store import Store
from tests.support.faulty_server import FaultyServer
from tests.support.store import listed, noise, registry, weight

ONE, TWO, CONFIG = noise(100_000), noise(60_000, seed=1), b'{"model_type": "toy"}'


@pytest.fixture
def server():
    with FaultyServer() as running:
        yield running


@pytest.fixture
def env(tmp_path, server):
    """Environment with a model of two variants that share a file."""
    config = weight("config.json", CONFIG, server.put("/config.json", CONFIG))
    one = weight("one.gguf", ONE, server.put("/one", ONE))
    two = weight("deep/zwei-ß.gguf", TWO, server.put("/zwei", TWO))
    return registry(tmp_path, listed("toy", {"one": [config, one], "two": [config, two]}))


def test_pull_prints_the_folder_on_stdout_and_the_rest_on_stderr(run_hub, env):
    result = run_hub("pull", "toy:one", env=env)
    assert result.returncode == 0, result.stderr
    name, size, folder = result.stdout.rstrip("\n").split("\t")
    assert (name, size) == ("toy:one", "100.0 kB")
    assert Path(folder, "one.gguf").read_bytes() == ONE
    assert "one.gguf" in result.stderr


def test_json_tells_digest_path_and_files(run_hub, env):
    (pulled,) = json.loads(run_hub("pull", "toy:two", "--json", env=env).stdout)
    assert {name: pulled[name] for name in ("model", "variant", "format", "revision")} == {
        "model": "tests/toy",
        "variant": "two",
        "format": "gguf",
        "revision": "",
    }
    assert pulled["path"].endswith(pulled["digest"].removeprefix("sha256:"))
    assert [file["path"] for file in pulled["files"]] == ["config.json", "deep/zwei-ß.gguf"]
    assert pulled["size"] == len(TWO) + len(CONFIG)


def test_without_a_variant_one_is_chosen_and_a_second_pull_asks_nobody(run_hub, env, server):
    first = run_hub("pull", "toy", env=env)
    assert first.returncode == 0, first.stderr
    asked = len(server.seen)
    again = run_hub("pull", "toy", env={**env, "HUB_OFFLINE": "1"})
    assert again.stdout == first.stdout
    assert len(server.seen) == asked


def test_without_any_plugin_the_first_variant_is_taken_and_the_reason_said(run_hub, env):
    disabled = {**env, "HUB_DISABLE_PLUGINS": "llamacpp,onnx,text"}
    result = run_hub("pull", "toy", env=disabled)
    assert result.stdout.startswith("toy:one\t")
    assert "taking the first, one" in result.stderr


def test_all_variants_and_several_models(run_hub, env, server):
    result = run_hub("pull", "toy", "--all-variants", env=env)
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["toy:one", "toy:two"]
    assert len(server.ranges("/config.json")) == 1
    result = run_hub("pull", "toy:two", "tests/toy:one", env=env)
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["toy:two", "toy:one"]


def test_variant_option_names_the_variant(run_hub, env):
    assert run_hub("pull", "toy", "--variant", "two", env=env).stdout.startswith("toy:two\t")


@pytest.mark.parametrize(
    "arguments",
    [
        ("toy:one", "--variant", "two"),
        ("toy", "--variant", "three"),
        ("toy:three",),
        ("toy", "toy", "--variant", "one"),
        ("toy", "--variant", "one", "--all-variants"),
        (),
    ],
)
def test_a_wrong_call_is_said_and_pulls_nothing(run_hub, env, server, arguments):
    result = run_hub("pull", *arguments, env=env)
    assert result.returncode == 2
    assert result.stdout == ""
    assert server.seen == []


def test_a_file_that_is_not_the_promised_one_ends_with_4_and_is_not_kept(run_hub, env, server):
    server.put("/one", b"x" * len(ONE))
    result = run_hub("pull", "toy:one", env=env)
    assert result.returncode == 4
    assert "one.gguf" in result.stderr
    assert weight("", ONE).sha256 in result.stderr
    assert "Traceback" not in result.stderr
    assert run_hub("list", "--json", env=env).stdout == "[]\n"


def test_verify_names_what_is_damaged_and_fetches_it_again(run_hub, env, server, hub_home):
    (pulled,) = json.loads(run_hub("pull", "toy:one", "--json", env=env).stdout)
    blob = Store().layout.blob(weight("", ONE).sha256)
    blob.chmod(0o644)
    blob.write_bytes(b"x" * len(ONE))
    result = run_hub("pull", "toy:one", "--verify", env=env)
    assert result.returncode == 0
    assert "one.gguf: damaged" in result.stderr
    assert "2 files hashed" in result.stderr
    assert server.ranges("/one") == ["", ""]
    assert Path(pulled["path"], "one.gguf").read_bytes() == ONE


def test_pulling_a_named_variant_loads_no_plugin(run_hub, env, tmp_path):
    code = (
        "import sys; from hub.cli.main import main\n"
        "try: main(['pull', 'toy:one'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(sorted(name for name in sys.modules if name.startswith('hub_') or name in {'numpy', 'hub.plugin.host'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


def test_an_unlisted_repository_is_pinned_and_a_change_is_not_taken(run_hub, hub):
    repository = hub.add("org/m", {"model.gguf": ONE, "config.json": CONFIG})
    first = run_hub("pull", "hf:org/m", "--json", env=hub.env)
    assert first.returncode == 0, first.stderr
    assert "nobody vouches" in first.stderr
    (pulled,) = json.loads(first.stdout)
    assert pulled["model"] == "hf:org/m"
    assert all(file["sha256"] for file in pulled["files"])
    downloads = hub.downloads()
    repository.commit({"model.gguf": TWO, "config.json": CONFIG})
    changed = run_hub("pull", "hf:org/m", env=hub.env)
    assert changed.returncode == 4
    assert weight("", ONE).sha256 in changed.stderr
    assert hub.downloads() == downloads
    (record,) = Store().records()
    assert record.revision == pulled["revision"] in repository.commits
    without = run_hub("pull", "hf:org/m", "--json", env={**hub.env, "HUB_OFFLINE": "1"})
    assert json.loads(without.stdout) == [pulled]
