"""Registries of others: pinned, read without the whole where they are an index, and never a reason to stop."""

from __future__ import annotations

import functools
import json
from http.server import SimpleHTTPRequestHandler

import pytest
from click.testing import CliRunner

from hub.cli.registry import command
from hub.errors import BadReference, RegistryError, UsageError, VerificationError
from hub.registry import taps
from hub.registry.catalogue import load_catalogue
from hub.registry.search import search
from hub.registry.tap_list import read_taps
from tests.support.registries import RegistryServer, changed, file, model, registry, variant
from tests.support.threaded import Threaded

TEAM = registry(model("team/one", aliases=["uno"]), model("team/two", aliases=[], task="fill-mask"), name="team")


class Site(Threaded):
    """A folder on a plain web server, with what was asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        site = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                super().do_GET()

            def log_message(self, *_):
                pass

        super().__init__(functools.partial(Handler, directory=str(folder)))
        self.url = f"http://{self.netloc}/"


def call(*arguments, ok=True):
    result = CliRunner().invoke(command, list(arguments))
    if ok and result.exception:
        raise result.exception
    return result


def failure(*arguments):
    return call(*arguments, ok=False).exception


@pytest.fixture
def built(tmp_path):
    def build(content, out=tmp_path / "site"):
        source = tmp_path / "source.json"
        source.write_bytes(content)
        return json.loads(call("build", str(source), "--out", str(out), "--json").stdout)

    return build


@pytest.fixture
def site(built, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    built(TEAM)
    with Site(tmp_path / "site") as site:
        yield site


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with RegistryServer(TEAM) as server:
        yield server


def look_again(monkeypatch):
    monkeypatch.setattr(taps, "FRESH_SECONDS", 0)


def test_an_index_is_read_one_entry_at_a_time(site):
    call("tap", "add", site.url)
    assert [path.partition("-")[0] for path in site.asked] == ["/index.json", "/names", "/search", "/plugins"]
    site.asked.clear()
    assert {hit.id: hit.registry for hit in search("team")} == {"team/one": "team", "team/two": "team"}
    assert [hit.id for hit in search("mask", task="fill-mask")] == ["team/two"]
    assert site.asked == []
    entry = load_catalogue().find("UNO")
    assert (entry.model.id, entry.origin) == ("team/one", "team")
    assert [path.rpartition("-")[0] for path in site.asked] == ["/models/team/one"]
    load_catalogue().find("team/team/one")
    assert len(site.asked) == 1


def test_the_index_says_of_a_model_what_the_whole_says(site, tmp_path):
    call("tap", "add", site.url)
    from_index = search("team/one")[0]
    call("tap", "remove", "team")
    whole = tmp_path / "source.json"
    call("tap", "add", str(whole))
    assert search("team/one")[0] == from_index


def test_a_build_is_the_same_again_and_a_change_writes_little(built):
    first = built(TEAM)
    assert built(TEAM) == {**first, "written": 0}
    after = built(changed(TEAM, "models.0.summary", "Another line."))
    assert after["sha256"] != first["sha256"]
    assert after["written"] == 5  # the entry, names, search, index.json, registry.json


def test_who_pinned_an_earlier_build_goes_on(site, built, monkeypatch):
    call("tap", "add", site.url)
    built(changed(TEAM, "models.0.summary", "Another line."))
    look_again(monkeypatch)
    catalogue = load_catalogue()
    assert catalogue.find("team/one").model.summary == "A model for tests."
    assert "tap 'team' has changed since it was pinned" in catalogue.notices[0]
    assert "hub registry tap update team" in catalogue.notices[0]


def test_an_entry_that_was_swapped_on_the_server_is_not_taken(site):
    call("tap", "add", site.url)
    (path,) = (site.folder / "models" / "team").glob("one-*.json")
    path.write_bytes(path.read_bytes().replace(b"https://example.org", b"https://example.evil"))
    with pytest.raises(RegistryError, match="is not what was pinned; it was not taken"):
        load_catalogue().find("team/one")
    assert load_catalogue().find("smollm2-135m").origin == "openmodelhub"


def test_an_entry_of_an_index_is_held_to_the_rules(tmp_path, built, site):
    evil = changed(TEAM, "models.0.variants.0.files.0.path", "../../.bashrc")
    from hub.registry.building import build
    from hub.registry.decode import decode

    build(decode(evil, name="evil"), evil, site.folder)
    call("tap", "add", site.url)
    with pytest.raises(RegistryError, match="breaks the rules") as caught:
        load_catalogue().find("team/one")
    assert "climbs out of its folder" in caught.value.details[0]


def test_an_index_that_is_gone_is_named_and_what_is_here_goes_on(site, monkeypatch):
    call("tap", "add", site.url)
    load_catalogue().find("team/one")
    site.stop()
    look_again(monkeypatch)
    catalogue = load_catalogue()
    assert "cannot be reached" in catalogue.notices[0]
    assert "what was pinned on" in catalogue.notices[0]
    assert catalogue.find("team/one").origin == "team"
    assert {hit.id for hit in search("team", catalogue=catalogue)} == {"team/one", "team/two"}
    with pytest.raises(RegistryError, match="cannot be reached"):
        catalogue.find("team/two")


def test_a_server_is_asked_once_an_hour_by_etag_and_never_offline(server, monkeypatch):
    call("tap", "add", server.url)
    for _ in range(3):
        assert load_catalogue().notices == ()
    assert server.answers == [200]
    look_again(monkeypatch)
    load_catalogue()
    assert server.answers == [200, 304]
    monkeypatch.setenv("HUB_OFFLINE", "1")
    load_catalogue()
    assert server.answers == [200, 304]


def test_a_tap_that_changed_is_shown_and_pinned_when_the_person_says_so(server):
    call("tap", "add", server.url)
    document = json.loads(TEAM)
    document["models"][0]["variants"].append(variant("int8", files=[file(sha256="1" * 64)]))
    document["models"][0]["summary"] = "Better."
    document["models"][1] = model("team/three", aliases=[])
    server.content, server.etag = json.dumps(document).encode(), '"2"'
    shown = call("tap", "update", "--dry-run").stdout
    assert shown.splitlines() == [
        "team\tchanged\tteam/one\tnew variant int8; other summary",
        "team\tnew\tteam/three\t",
        "team\tgone\tteam/two\t",
    ]
    assert load_catalogue().find("team/one").model.summary == "A model for tests."
    assert call("tap", "list").stdout.split("\t")[1] == "changed"
    call("tap", "update", "team")
    assert load_catalogue().find("team/one").model.summary == "Better."
    assert call("tap", "list").stdout.split("\t")[1] == "as pinned"
    assert "holds what was pinned" in call("tap", "update").stderr


@pytest.mark.parametrize("sparse", [False, True])
def test_other_bytes_under_a_listed_name_are_refused_until_accepted(server, site, built, sparse):
    call("tap", "add", site.url if sparse else server.url)
    load_catalogue().find("team/one")
    swapped = changed(TEAM, "models.0.variants.0.files.0.sha256", "6" * 64)
    server.content, server.etag = swapped, '"2"'
    built(swapped)
    error = failure("tap", "update")
    assert isinstance(error, VerificationError)
    assert "lists other bytes under names that it had listed: team/one" in error.message
    assert load_catalogue().find("team/one").model.variants[0].files[0].sha256 == "0" * 64
    call("tap", "update", "--accept")
    assert load_catalogue().find("team/one").model.variants[0].files[0].sha256 == "6" * 64


def test_of_the_same_name_the_earlier_registry_is_found_and_first_comes_before_ours(tmp_path):
    twin = registry(model("HuggingFaceTB/SmolLM2-135M-Instruct", aliases=["smollm2-135m"]), name="team")
    path = tmp_path / "twin.json"
    path.write_bytes(twin)
    call("tap", "add", str(path))
    assert load_catalogue().find("smollm2-135m").origin == "openmodelhub"
    assert load_catalogue().find("team/HuggingFaceTB/SmolLM2-135M-Instruct").origin == "team"
    call("tap", "remove", "team")
    call("tap", "add", str(path), "--first")
    assert load_catalogue().find("smollm2-135m").origin == "team"
    assert [hit.registry for hit in search("smollm2-135m")] == ["team"]


def test_a_tap_has_a_name_of_its_own(tmp_path, server):
    ours = tmp_path / "ours.json"
    ours.write_bytes(registry(name="openmodelhub"))
    assert "is the name of a registry here already" in failure("tap", "add", str(ours)).message
    call("tap", "add", str(ours), "--name", "copy")
    assert load_catalogue().find("copy/acme/tiny").origin == "copy"
    with pytest.raises(UsageError, match="is no name for a tap"):
        raise failure("tap", "add", server.url, "--name", "../x")
    with pytest.raises(UsageError, match="there is no tap 'nothing'; there is: copy"):
        raise failure("tap", "remove", "nothing")
    with pytest.raises(UsageError, match="there is no tap 'nothing'"):
        raise failure("tap", "update", "nothing")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.org/registry.json", "not at an https address"),
        ("/nowhere/registry.json", "cannot be read"),
        ("ftp://example.org/x", "not at an https address"),
    ],
)
def test_what_cannot_be_a_tap_is_said_and_nothing_is_kept(address, said):
    assert said in failure("tap", "add", address).message
    assert read_taps() == []


def test_content_that_is_none_is_not_pinned(server, site):
    server.content = changed(TEAM, "models.0.license", "Nonsense 1")
    assert "has 1 fault" in failure("tap", "add", server.url).message
    (site.folder / "index.json").write_text('{"index": 99}')
    assert "is no index" in failure("tap", "add", site.url).message
    assert read_taps() == []


def test_a_tap_whose_copy_is_damaged_is_had_again_and_one_that_is_lost_is_named(server, hub_home):
    call("tap", "add", server.url)
    (kept,) = (hub_home / "taps" / "team").glob("pinned-*.json")
    kept.write_bytes(b"{}")
    assert load_catalogue().find("team/one").origin == "team"
    kept.unlink()
    server.content = changed(TEAM, "models.0.summary", "Other.")
    catalogue = load_catalogue()
    assert "holds something else now" in catalogue.notices[0]
    with pytest.raises(BadReference, match="no registry has a model 'team/one'"):
        catalogue.find("team/one")
    assert catalogue.find("smollm2-135m").origin == "openmodelhub"


def test_a_damaged_list_of_taps_is_named_and_the_rest_goes_on(hub_home):
    hub_home.mkdir(parents=True)
    (hub_home / "taps.json").write_text("{")
    catalogue = load_catalogue()
    assert "taps.json cannot be read" in catalogue.notices[0]
    assert catalogue.find("smollm2-135m")


def test_the_list_is_json_too(server):
    call("tap", "add", server.url, "--name", "crew")
    (tap,) = json.loads(call("tap", "list", "--json").stdout)
    assert (tap["name"], tap["address"], tap["state"], tap["sparse"]) == ("crew", server.url, "as pinned", False)


def test_where_an_entry_comes_from_is_shown_by_search_and_info(server, run_hub):
    call("tap", "add", server.url, "--name", "crew")
    assert {hit["registry"] for hit in json.loads(run_hub("search", "team", "--json").stdout)} == {"crew"}
    assert "listed by\tcrew" in run_hub("info", "team/one").stdout
    assert load_catalogue().count("crew") == 2


def test_on_a_terminal_a_search_says_who_lists_what_is_not_ours_alone(server, monkeypatch):
    from hub.cli import search as module

    def rows(query):
        return [line.split("\t") for line in CliRunner().invoke(module.command, [query]).stdout.splitlines()]

    monkeypatch.setattr(module, "is_terminal", lambda: True)
    call("tap", "add", server.url, "--first")
    assert [row[-2] for row in rows("team")] == ["team", "team"]
    assert "openmodelhub" not in rows("smollm2-135m")[0]
