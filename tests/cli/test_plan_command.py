"""`hub plan` as a process, with a plugin of its own on the path and an entry of its own in a registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunHub

PLUGIN = """
from hub.plugin import BackendSpec, FormatSpec, ModelSpec, Option, TransformSpec, hookimpl

@hookimpl
def hub_formats():
    return [FormatSpec(id="toy", match=("*.toy",), weights=("*.toy",))]

@hookimpl
def hub_backends():
    options = (Option(name="context_length", type=int), Option(name="beams", type=int, default=1))
    return [BackendSpec(id="toyback", formats=("toy",), verbs=("run",), target="toyplug:open", devices=("cuda", "cpu"),
                        options=options)]

@hookimpl
def hub_transforms():
    return [TransformSpec(id="toy-shrink", step="shrink", takes=("toy",), target="toyplug:open",
                          options=(Option(name="by", type=int, default=2),))]

@hookimpl
def hub_models():
    return [ModelSpec(id="toymodel", task="feature-extraction", families=("toy",), verbs=("run",),
                      target="toyplug:open")]
"""
FILE = {"path": "m.toy", "size": 5_000_000, "sha256": "a" * 64, "sources": ["https://example.org/m.toy"]}
REGISTRY = {
    "schema": 1,
    "name": "toys",
    "models": [
        {
            "id": "toys/lamp",
            "aliases": ["lamp"],
            "task": "feature-extraction",
            "license": "MIT",
            "summary": "A lamp.",
            "family": "toy",
            "context_length": 1024,
            "variants": [
                {"name": "big", "format": "toy", "precision": "fp32", "files": [FILE]},
                {"name": "other", "format": "unheard-of", "files": [{**FILE, "path": "m.other"}]},
            ],
        }
    ],
    "plugins": [
        {"package": "hub-for-unheard", "summary": "Opens it.", "formats": ["unheard-of"], "gives": {"backends": ["uh"]}}
    ],
}


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin on the path, and a registry that lists `lamp`."""
    site = tmp_path / "site"
    info = site / "toyplug-1.5.dist-info"
    info.mkdir(parents=True)
    (site / "toyplug.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyplug\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[hub.plugins.v1]\ntoy = toyplug\n")
    (tmp_path / "registry.json").write_text(json.dumps(REGISTRY))
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("HUB_REGISTRIES", str(tmp_path / "registry.json"))
    return tmp_path


def test_plan_prints_the_way_its_cost_and_what_lost(toys: Path, run_hub: RunHub) -> None:
    result = run_hub("plan", "lamp")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "big (toy) → toyback on cpu → run → toymodel"
    rows = dict(line.split("\t", 1) for line in lines if "\t" in line and line.count("\t") == 1)
    assert rows["backend"] == "toyback (toyplug 1.5)"
    assert rows["size"] == "5.0 MB, 5.0 MB to download"
    assert rows["load options"] == "context_length=1024, beams=1"
    assert rows["memory"].endswith("(weights 5.0 MB, KV cache 0 B, working memory 67.1 MB)")
    assert "other\t-\t-\t-\t-\t-\tno installed backend opens unheard-of" in lines


def test_plan_as_json_has_stable_names(toys: Path, run_hub: RunHub) -> None:
    result = run_hub("plan", "lamp", "--json", "--compress", "shrink:by=3", "--option", "beams=4")
    assert result.returncode == 0, result.stderr
    plan = json.loads(result.stdout)
    assert set(plan) == {
        *("reference", "model", "origin", "task", "variant", "format", "precision", "steps", "recipe", "backend"),
        *("plugin", "device", "verb", "model_plugin", "options", "size", "download", "memory", "notes", "rejected"),
        *("load_steps", "tuned"),
    }
    assert plan["recipe"] == [
        {
            "step": "shrink:by=3",
            "transform": "toy-shrink",
            "takes": "toy",
            "gives": "toy",
            "lossy": True,
            "asked": True,
            "plugin": "toyplug 1.5",
            "options": {"by": 3},
        }
    ]
    assert plan["options"] == {"context_length": 1024, "beams": 4}
    assert set(plan["memory"]) == {"weights", "cache", "working", "total", "free"}
    assert all(
        set(each) == {"variant", "recipe", "backend", "device", "verb", "model_plugin", "reason"}
        for each in plan["rejected"]
    )


def test_every_name_of_the_json_is_documented(toys: Path, run_hub: RunHub) -> None:
    plan = json.loads(run_hub("plan", "lamp", "--json", "--compress", "shrink").stdout)
    page = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8").partition("## JSON")[2]
    names = {*plan, *plan["recipe"][0], *plan["memory"], *plan["rejected"][0]}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_plan_downloads_nothing(toys: Path, run_hub: RunHub, hub_home: Path) -> None:
    assert run_hub("plan", "lamp").returncode == 0
    assert not (hub_home / "store").exists()


def test_plan_names_the_package_that_is_missing(toys: Path, run_hub: RunHub) -> None:
    result = run_hub("plan", "lamp:other")
    assert (result.returncode, result.stdout) == (3, "")
    assert "no installed backend opens unheard-of" in result.stderr
    assert "hub plugin install hub-for-unheard" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--device", "cuda"], 1, "toyback found no cuda here, only cpu"),
        (["--backend", "uh"], 3, "hub plugin install hub-for-unheard"),
        (["--compress", "shrink | vanish"], 2, "step 2 of the recipe, 'vanish' is not known"),
        (["--compress", "shrink:to=3"], 2, "has no option 'to'"),
        (["--option", "beans=3"], 2, "did you mean beams"),
        (["--option", "beams"], 2, "not KEY=VALUE"),
        (["--task", "text-to-video"], 3, "no installed model plugin does text-to-video"),
    ],
)
def test_plan_says_why_it_cannot_be(toys: Path, run_hub: RunHub, arguments: list[str], code: int, told: str) -> None:
    result = run_hub("plan", "lamp", *arguments)
    assert result.returncode == code, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
