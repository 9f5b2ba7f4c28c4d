from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import BadReference
from hub.registry.catalogue import Catalogue, load_catalogue
from hub.registry.decode import decode
from tests.support.package_index import wheel
from tests.support.registries import model, registry

OURS = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Make these contents the configured registries; gives their paths."""

    def write(*contents: bytes) -> list[str]:
        paths = [tmp_path / f"{number}.json" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        monkeypatch.setenv("HUB_REGISTRIES", ",".join(map(str, paths)))
        return [str(path) for path in paths]

    return write


@pytest.mark.parametrize(
    "name", ["smollm2-135m", "SmolLM2_135M", OURS, OURS.lower(), "SmolLM2-135M-Instruct", f"openmodelhub/{OURS}"]
)
def test_a_model_is_found_by_alias_id_last_part_and_registry_in_any_case(name):
    entry = load_catalogue().find(name)
    assert (entry.model.id, entry.origin) == (OURS, "openmodelhub")


def test_an_unknown_name_gets_near_names():
    with pytest.raises(BadReference, match="no registry has a model 'smolm2'") as caught:
        load_catalogue().find("smolm2")
    assert "smollm2-135m" in caught.value.hint


def test_a_last_part_that_two_models_have_is_an_error_that_lists_them(configure):
    configure(registry(model("a/twin", aliases=[]), model("b/twin", aliases=[])))
    with pytest.raises(BadReference) as caught:
        load_catalogue().find("twin")
    assert caught.value.details == ("a/twin", "b/twin")


def test_entries_keep_where_they_come_from(configure):
    (path,) = configure(registry(model(), name="team"))
    catalogue = load_catalogue()
    assert catalogue.find("acme/tiny").origin == "team"
    assert [(origin.name, origin.location) for origin in catalogue.origins][1:] == [("team", path)]


def test_of_the_same_id_the_earlier_registry_wins_and_the_later_one_is_reached_by_its_name(configure):
    configure(registry(model(OURS, summary="mine", aliases=["smollm2-135m"]), name="team"))
    catalogue = load_catalogue()
    assert catalogue.find(OURS).origin == catalogue.find("smollm2-135m").origin == "openmodelhub"
    assert catalogue.find(f"team/{OURS}").model.summary == "mine"
    assert [each.id for each in catalogue.models].count(OURS) == 1


def test_an_alias_of_ours_is_not_taken_over_by_a_later_registry(configure):
    configure(registry(model("evil/other", aliases=["SmolLM2_135M"])))
    assert load_catalogue().find("smollm2-135m").model.id == OURS


def test_a_registry_cannot_pass_for_another_by_its_name(configure):
    configure(registry(name="openmodelhub"), registry(name="openmodelhub"))
    assert [origin.name for origin in load_catalogue().origins] == ["openmodelhub", "openmodelhub-2", "openmodelhub-3"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (b"{", "is not JSON"),
        (registry(name="B A D"), "breaks the schema; \\$.name"),
        (registry(schema=9), "has schema 9"),
    ],
)
def test_a_broken_registry_is_reported_and_the_rest_goes_on(configure, broken, said):
    configure(broken, registry(model()))
    catalogue = load_catalogue()
    assert catalogue.find("acme/tiny").model.id == "acme/tiny"
    (notice,) = catalogue.notices
    assert said.replace("\\", "") in notice


def test_a_registry_that_is_gone_is_reported_and_the_rest_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_REGISTRIES", str(tmp_path / "gone.json"))
    catalogue = load_catalogue()
    assert "gone.json cannot be read: No such file" in catalogue.notices[0]
    assert catalogue.find(OURS)


def test_a_name_that_is_unknown_tells_which_registries_could_not_be_read(configure):
    configure(b"{")
    with pytest.raises(BadReference) as caught:
        load_catalogue().find("nothing-like-it")
    assert "is not JSON" in caught.value.details[0]


def test_a_plugin_that_two_registries_list_is_the_first_ones():
    first = registry(plugins=[{"package": "hub-x", "summary": "first"}], models=[])
    second = registry(plugins=[{"package": "Hub_X", "summary": "second"}], models=[])
    catalogue = Catalogue([(decode(content, name="r"), "r") for content in (first, second)])
    assert [plugin.summary for plugin in catalogue.plugins] == ["first"]
    assert [listed.origin for listed in catalogue.listed] == ["acme", "acme-2"]


def install(
    site: Path, *, package: str = "hub_thing", value: str = "hub_thing:models.json", content: bytes | None = None
) -> None:
    """Lay out what pip would leave of a plugin that carries a registry, and that must not be imported."""
    (site / package).mkdir(parents=True)
    (site / package / "__init__.py").write_text("raise SystemExit('imported')")
    (site / package / "models.json").write_bytes(content or registry(model("thing/carried"), name="thing"))
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hub.registries]\n{package} = {value}\n")


def carries_thing() -> bool:
    """Whether the model of the plugin that `install` lays out can be found."""
    try:
        return load_catalogue().find("thing/carried").origin == "thing"
    except BadReference:
        return False


def test_a_registry_in_a_plugins_wheel_is_found_without_importing_the_plugin(tmp_path, monkeypatch):
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue = load_catalogue()
    assert catalogue.find("thing/carried").origin == "thing"
    assert catalogue.notices == ()


def test_a_registry_is_found_in_a_real_wheel_that_pip_installed(tmp_path, run_hub):
    made = tmp_path / "hub_thing-1.0-py3-none-any.whl"
    points = b"[hub.registries]\nthing = hub_thing:models.json\n"
    made.write_bytes(
        wheel(
            "hub_thing",
            "1.0",
            {
                "hub_thing/__init__.py": b"raise SystemExit('imported')",
                "hub_thing/models.json": registry(model("thing/carried"), name="thing"),
                "hub_thing-1.0.dist-info/entry_points.txt": points,
            },
        )
    )
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(tmp_path / "site")]
    subprocess.run([*pip, str(made)], check=True, capture_output=True)
    result = run_hub("info", "--json", "thing/carried", env={"PYTHONPATH": str(tmp_path / "site")})
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["origin"] == "thing"


def test_a_plugin_that_comes_or_goes_meanwhile_is_noticed(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site)])

    def found(changed: int) -> bool:
        os.utime(site, (changed, changed))  # long ago, so that what was found is kept
        return carries_thing()

    assert not found(1)
    install(site)
    assert not found(1)  # kept: the folder says that nothing has changed
    assert found(2)
    shutil.rmtree(site / "hub_thing-1.0.dist-info")
    assert found(2)
    assert not found(3)


def test_what_an_installation_still_writes_is_not_missed(tmp_path, monkeypatch):
    site = tmp_path / "site"
    install(site)
    points = site / "hub_thing-1.0.dist-info" / "entry_points.txt"
    text = points.read_text()
    points.unlink()
    monkeypatch.setattr(sys, "path", [str(site)])
    assert not carries_thing()
    points.write_text(text)  # the folder of all packages does not change by that
    assert carries_thing()


def test_a_registry_in_a_folder_of_a_plugin_is_found(tmp_path, monkeypatch):
    install(tmp_path, value="hub_thing.data:more.json")
    (tmp_path / "hub_thing" / "data").mkdir()
    (tmp_path / "hub_thing" / "data" / "more.json").write_bytes(registry(model("thing/deep")))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_catalogue().find("thing/deep")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hub_thing:gone.json", "there is no file 'gone.json'"),
        ("hub_other:models.json", "there is no package 'hub_other'"),
        ("hub_thing:../../etc/models.json", "must read 'package:file.json'"),
        ("hub_thing", "must read 'package:file.json'"),
        ("hub_thing...:models.json", "is not the name of a package"),
    ],
)
def test_a_carried_registry_that_cannot_be_found_is_reported_with_its_plugin(tmp_path, monkeypatch, value, said):
    install(tmp_path, value=value)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue = load_catalogue()
    assert said in catalogue.notices[0]
    assert "plugin hub_thing" in catalogue.notices[0]
    assert catalogue.find(OURS)


def test_a_carried_registry_that_is_broken_is_reported(tmp_path, monkeypatch):
    install(tmp_path, content=json.dumps({"schema": 1}).encode())
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "the field 'name' is missing" in load_catalogue().notices[0]
