"""A stranger's way from an idea to a listed model, by the documented commands alone, with nothing in another's stead.

A new plugin is written, checked, built and put on a package index; a model that it compressed is published to a hub;
both are proposed to a git repository, checked in a clean clone, merged, and used where nobody knew of them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support.changing import Project, git
from tests.support.package_index import PackageIndex
from tests.support.registries import model
from tests.support.venv import ROOT, Environment, build_wheel

pytestmark = [pytest.mark.venv, pytest.mark.slow, pytest.mark.timeout(900)]

OWN = Path(__file__).parent / "support" / "halving"


class Person:
    """Somebody with an environment of their own, a home and perhaps a token."""

    def __init__(self, folder: Path, core: Path, *, tools: tuple[str, ...] = (), **env: str) -> None:
        self.environment = Environment(folder / "env", tools=tools)
        self.environment.install(core)
        self.env = {
            "HUB_HOME": str(folder / "home"),
            "HF_HOME": str(folder / "huggingface"),
            "HF_HUB_DISABLE_XET": "1",
            "GIT_AUTHOR_NAME": folder.name,
            "GIT_AUTHOR_EMAIL": f"{folder.name}@example.org",
            "GIT_COMMITTER_NAME": folder.name,
            "GIT_COMMITTER_EMAIL": f"{folder.name}@example.org",
            **env,
        }

    def hub(self, *arguments: object, code: int = 0) -> str:
        done = self.environment.hub(*map(str, arguments), env=self.env)
        assert done.returncode == code, f"hub {arguments}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: object, code: int = 0):
        return json.loads(self.hub(*arguments, "--json", code=code))


@pytest.fixture
def hub(tmp_path):
    """A hub of one's own; gives its address and ada's token."""
    pytest.importorskip("hub_mirror")
    from tests.support.mirror import Mirror

    mirror = Mirror(tmp_path / "mirror")
    mirror.add_user("ada")
    mirror.start()
    yield mirror
    mirror.stop()


def write_model(folder: Path) -> None:
    folder.mkdir()
    table = np.random.default_rng(0).normal(size=(256, 32)).astype("<f4")
    entry = {"table": {"dtype": "F32", "shape": list(table.shape), "data_offsets": [0, table.nbytes]}}
    head = json.dumps(entry).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + table.tobytes())
    (folder / "config.json").write_text('{"model_type": "halve", "hidden_size": 32}')


def merge(remote: Path, clone: Path, branch: str) -> None:
    git(clone, "switch", "--quiet", "main")
    git(clone, "merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", f"origin/{branch}")
    git(clone, "push", "--quiet", "origin", "main")


def test_from_an_idea_to_a_model_that_anybody_runs(tmp_path, hub, monkeypatch):
    core = build_wheel(ROOT, tmp_path)
    project = Project(tmp_path / "upstream", model("acme/known"), name="team", maintainers=["mia"])
    remote = tmp_path / "registry.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(project.folder), str(remote))
    with PackageIndex() as index:
        network = {**index.env(), "HF_ENDPOINT": hub.url}
        ada = Person(tmp_path / "ada", core, tools=("pytest",), HF_TOKEN=hub.tokens["ada"], **network)

        # a plugin: written from its template, its own put in, checked, built, on the index
        source = tmp_path / "hub-halve"
        ada.hub("plugin", "new", "halve", "--kind", "compression", "--into", source, "--author", "Ada")
        for path in OWN.glob("*.py"):
            shutil.copy(path, source / "hub_halve" / path.name)
        wheel = build_wheel(source, tmp_path)
        report = ada.json("plugin", "check", wheel)["plugins"][0]
        assert report["conformant"], report
        index.add("hub-halve", "0.1.0", wheel.read_bytes())
        ada.hub("plugin", "install", "--yes", "hub-halve")
        plugin = ada.json("publish", "--plugin", "hub-halve", "--registry", remote, "--owner", "ada", "--yes")
        assert plugin["entry"]["gives"]["transforms"] == ["halve"]

        # a model that it compresses: measured, published, proposed
        write_model(tmp_path / "large")
        (tmp_path / "lines.txt").write_text("\n".join(f"line {number} of a text" for number in range(24)))
        measured = ("--data", tmp_path / "lines.txt", "--rounds", "1")
        ada.hub("compress", f"{tmp_path / 'large'}", "halve", "--out", tmp_path / "small", *measured)
        place = ("--to", "hf:ada/bytes-halved", "--registry", remote)
        said = ("--license", "MIT", "--base-model", "ada/bytes", "--summary", "Vectors of bytes.", "--owner", "ada")
        done = ada.json("publish", tmp_path / "small", *place, *said, "--example", "a cat", "--alias", "bytes", "--yes")
        (variant,) = done["entry"]["variants"]
        assert (variant["name"], variant["steps"], variant["requires"]) == ("halve", ["halve"], ["hub-halve"])
        assert done["proposed"]["pushed"]

        # a maintainer: both pull requests checked in a clean clone, and merged
        mia = Person(tmp_path / "mia", core, tools=("pytest",), **network)
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(remote), str(clone))
        for proposed in (plugin["proposed"], done["proposed"]):
            git(clone, "switch", "--quiet", "--detach", f"origin/{proposed['branch']}")
            python = ("--python", mia.environment.python)
            base = git(clone, "merge-base", "origin/main", "HEAD")
            findings = mia.json(
                "registry", "check", clone / "registry.json", "--base", base, "--author", "ada", *python
            )
            assert findings["faults"] == 0, findings
            told = {each["check"]: each["level"] for each in findings["findings"]}
            if proposed is plugin["proposed"]:
                assert (told["plugin"], told["conformance"]) == ("ok", "ok")
            else:
                assert (told["sources"], told["contents"], told["answer"]) == ("ok", "ok", "ok")
            assert told["owners"] == "review"
            merge(remote, clone, proposed["branch"])

        # somebody else: the index of the registry, found, pulled, verified, run
        mia.hub("registry", "build", clone / "registry.json", "--out", tmp_path / "site")
        bob = Person(tmp_path / "bob", core, **network)
        bob.hub("registry", "tap", "add", f"{tmp_path / 'site'}/")
        (hit,) = bob.json("search", "bytes")
        assert (hit["id"], hit["registry"]) == ("ada/bytes-halved", "team")
        assert bob.json("info", "bytes")["requires"] == [{"package": "hub-halve", "installed": None}]
        refused = bob.environment.hub("run", "bytes", "a cat", env=bob.env)
        assert refused.returncode == 3
        assert "hub plugin install hub-halve" in refused.stderr
        bob.hub("plugin", "install", "--yes", "hub-halve")
        (pulled,) = bob.json("pull", "bytes", "--verify")
        weights = next(file for file in pulled["files"] if file["path"] == "model.safetensors")
        assert weights["size"] < (tmp_path / "large" / "model.safetensors").stat().st_size * 0.6
        assert bob.json("registry", "tap", "list")[0]["state"] == "as pinned"
        hub.stop()
        vector = bob.json("run", "bytes", "a cat")["results"][0]
        assert len(json.dumps(vector)) > 100
