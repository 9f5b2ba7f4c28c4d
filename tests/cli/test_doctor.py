"""`hub doctor`: what is well, what is to mend, and that one thing that is broken hides no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunHub


@pytest.fixture(autouse=True)
def without_the_heaviest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One framework takes most of the time of a report, and one test is enough for it."""
    if request.function is not test_the_report_covers_what_the_hub_needs:
        monkeypatch.setenv("HUB_DISABLE_PLUGINS", "torch")


def report(run_hub: RunHub, **env: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Exit code, and the checks by name."""
    result = run_hub("doctor", "--json", env=env)
    document = json.loads(result.stdout)
    assert document["healthy"] is (result.returncode == 0)
    checks: dict[str, list[dict[str, str]]] = {}
    for check in document["checks"]:
        assert set(check) == {"name", "found", "state", "fix"}
        checks.setdefault(check["name"], []).append(check)
    return result.returncode, checks


def bring(folder: Path, name: str, module: str) -> None:
    """Lay out what pip would: a plugin of one module."""
    info = folder / f"{name}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[hub.plugins.v1]\n{name} = {name}\n")
    (folder / f"{name}.py").write_text(module)


def test_the_report_covers_what_the_hub_needs(run_hub: RunHub, hub_home: Path) -> None:
    _, checks = report(run_hub)
    names = {"python", "versions", "pip", "home", "settings", "network", "hugging face token", "registry", "memory"}
    assert names <= set(checks)
    assert str(hub_home) in checks["home"][0]["found"]
    assert "numpy" in checks["versions"][0]["found"]
    assert "free of" in checks["memory"][0]["found"]


def test_a_broken_plugin_is_a_problem_with_its_fix_and_the_rest_is_checked(run_hub: RunHub, tmp_path: Path) -> None:
    bring(tmp_path, "bomb", "raise RuntimeError('broken inside')")
    code, checks = report(run_hub, PYTHONPATH=str(tmp_path))
    assert code == 1
    broken = [check for check in checks["plugin"] if "bomb" in check["found"]]
    assert [check["state"] for check in broken] == ["problem"]
    assert "broken inside" in broken[0]["found"]
    assert "bomb" in broken[0]["fix"]
    assert "memory" in checks


def test_a_slow_plugin_is_a_warning(run_hub: RunHub, tmp_path: Path) -> None:
    bring(tmp_path, "snail", "import time; time.sleep(0.4)")
    _, checks = report(run_hub, PYTHONPATH=str(tmp_path))
    slow = [check for check in checks["plugin"] if "snail" in check["found"]]
    assert slow[0]["state"] == "warning"


def test_a_backend_whose_probe_raises_is_a_problem(run_hub: RunHub, tmp_path: Path) -> None:
    module = """
from hub.plugin import BackendSpec, hookimpl

@hookimpl
def hub_backends():
    return [BackendSpec(id="brittle", formats=("onnx",), verbs=("run",), target="brittle:open", probe="brittle:probe")]

def probe():
    raise OSError("libcuda.so.1 is missing")
"""
    bring(tmp_path, "brittle", module)
    code, checks = report(run_hub, PYTHONPATH=str(tmp_path))
    assert code == 1
    broken = [check for check in checks["backend"] if "brittle" in check["found"]]
    assert broken[0]["state"] == "problem"
    assert "libcuda.so.1 is missing" in broken[0]["found"]


def test_without_a_backend_it_names_a_package_of_the_registry(run_hub: RunHub) -> None:
    code, checks = report(run_hub, HUB_DISABLE_PLUGINS="*")
    assert code == 1
    assert checks["backend"][0]["state"] == "problem"
    assert checks["backend"][0]["fix"].startswith("hub plugin ")


def test_a_token_is_told_and_never_shown(run_hub: RunHub) -> None:
    result = run_hub("doctor", env={"HF_TOKEN": "hf_verysecret"})
    assert "there is one, in HF_TOKEN" in result.stdout
    assert "verysecret" not in result.stdout + result.stderr


def test_offline_is_told(run_hub: RunHub) -> None:
    _, checks = report(run_hub, HUB_OFFLINE="1")
    assert checks["network"][0]["found"].startswith("off")
    assert report(run_hub)[1]["network"][0]["found"].startswith("on")


def test_a_registry_that_cannot_be_read_is_a_problem(run_hub: RunHub, tmp_path: Path) -> None:
    code, checks = report(run_hub, HUB_REGISTRIES=str(tmp_path / "nowhere.json"))
    assert code == 1
    assert any("nowhere.json" in check["found"] and check["state"] == "problem" for check in checks["registry"])


def test_a_home_that_is_a_file_is_a_problem(run_hub: RunHub, hub_home: Path) -> None:
    hub_home.write_text("")
    code, checks = report(run_hub)
    assert code == 1
    assert checks["home"][0]["state"] == "problem"


def test_a_config_that_cannot_be_read_hides_no_other_check(run_hub: RunHub, hub_home: Path) -> None:
    hub_home.mkdir()
    (hub_home / "config.json").write_text("{")
    code, checks = report(run_hub)
    assert code == 1
    assert checks["settings"][0]["state"] == "problem"
    assert "memory" in checks


def test_a_pipe_gets_rows_with_tabs(run_hub: RunHub) -> None:
    rows = [line.split("\t") for line in run_hub("doctor").stdout.splitlines()]
    assert {row[0] for row in rows} <= {"ok", "warning", "problem"}
    assert all(len(row) in {3, 4} for row in rows)
