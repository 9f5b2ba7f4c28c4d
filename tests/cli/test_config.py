"""`hub config`, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import RunHub


def test_settings_are_listed_with_value_origin_and_variable(run_hub: RunHub) -> None:
    rows = [line.split("\t") for line in run_hub("config").stdout.splitlines()]
    assert ["offline", "false", "default", "HUB_OFFLINE", "Never use the network."] in rows
    assert run_hub("config", "list").stdout == run_hub("config").stdout


def test_the_json_document_has_its_documented_fields(run_hub: RunHub, hub_home: Path) -> None:
    document = json.loads(run_hub("config", "--json", env={"HUB_OFFLINE": "1"}).stdout)
    assert document["home"] == str(hub_home)
    offline = next(each for each in document["settings"] if each["name"] == "offline")
    assert offline == {
        "name": "offline",
        "value": True,
        "origin": "environment",
        "env": "HUB_OFFLINE",
        "help": "Never use the network.",
    }


def test_a_setting_is_kept_read_and_forgotten(run_hub: RunHub, hub_home: Path) -> None:
    assert run_hub("config", "set", "registries", "one.json", "two.json").returncode == 0
    assert json.loads((hub_home / "config.json").read_text()) == {"registries": ["one.json", "two.json"]}
    assert run_hub("config", "get", "registries").stdout == "one.json,two.json\n"
    assert json.loads(run_hub("config", "get", "registries", "--json").stdout)["value"] == ["one.json", "two.json"]
    assert run_hub("config", "unset", "registries").returncode == 0
    assert run_hub("config", "get", "registries").stdout == "\n"


def test_setting_what_the_environment_overrides_says_so(run_hub: RunHub) -> None:
    result = run_hub("config", "set", "offline", "off", env={"HUB_OFFLINE": "1"})
    assert result.returncode == 0
    assert "HUB_OFFLINE is set, and wins" in result.stderr


def test_an_unknown_setting_names_those_there_are(run_hub: RunHub) -> None:
    result = run_hub("config", "set", "nothing", "1")
    assert result.returncode == 2
    assert "offline" in result.stderr


def test_a_value_of_another_type_is_refused(run_hub: RunHub, hub_home: Path) -> None:
    result = run_hub("config", "set", "offline", "banana")
    assert result.returncode == 2
    assert "banana" in result.stderr
    assert not (hub_home / "config.json").exists()


def test_a_config_that_is_no_json_names_the_file(run_hub: RunHub, hub_home: Path) -> None:
    hub_home.mkdir()
    (hub_home / "config.json").write_text("{")
    result = run_hub("config", "get", "device")
    assert result.returncode == 2
    assert str(hub_home / "config.json") in result.stderr
