from __future__ import annotations

import os
import stat

import pytest

from hub.errors import RegistryError, SchemaError, UsageError
from hub.registry import remote
from hub.registry.catalogue import load_catalogue
from hub.registry.remote import read_remote
from tests.support.registries import RegistryServer, changed, file, model, registry, variant


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with RegistryServer(registry(model("team/one"), name="team")) as server:
        yield server


def test_a_registry_at_an_address_is_found_and_its_copy_used_for_an_hour(server, monkeypatch):
    monkeypatch.setenv("HUB_REGISTRIES", server.url)
    for _ in range(2):
        catalogue = load_catalogue()
        assert catalogue.find("team/one").origin == "team"
        assert catalogue.notices == ()
    assert server.answers == [200]


def test_a_copy_that_is_asked_for_again_is_not_sent_again_while_it_is_the_same(server):
    read_remote(server.url)
    registry_now, said = read_remote(server.url, refresh=True)
    assert (registry_now.models[0].id, said) == ("team/one", "")
    assert server.answers == [200, 304]


def test_a_changed_registry_replaces_the_copy(server):
    read_remote(server.url)
    server.content, server.etag = registry(model("team/two")), '"2"'
    assert read_remote(server.url, refresh=True)[0].models[0].id == "team/two"
    assert read_remote(server.url)[0].models[0].id == "team/two"


def test_an_old_copy_is_asked_for_again(server, monkeypatch):
    read_remote(server.url)
    monkeypatch.setattr(remote, "FRESH_SECONDS", 0)
    read_remote(server.url)
    assert server.answers == [200, 304]


def test_a_server_that_is_gone_leaves_the_copy_and_is_named(server):
    read_remote(server.url)
    server.stop()
    found, said = read_remote(server.url, refresh=True)
    assert found.models[0].id == "team/one"
    assert "cannot be reached" in said
    assert "the copy of 20" in said


def test_a_server_that_was_never_reached_is_reported_and_the_rest_goes_on(server, monkeypatch):
    server.stop()
    monkeypatch.setenv("HUB_REGISTRIES", server.url)
    catalogue = load_catalogue()
    assert "cannot be had" in catalogue.notices[0]
    assert catalogue.find("smollm2-135m")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("status", 500, "the server answers 500"),
        ("status", 404, "the server answers 404"),
        ("cut", True, "cannot be had"),
        ("content", b"<html>", "is not JSON"),
        ("content", changed(registry(), "models.0.license", "none"), "is not an SPDX"),
    ],
)
def test_what_a_server_does_wrong_is_named_and_the_copy_stays(server, name, value, said):
    read_remote(server.url)
    server.etag = '"2"'
    setattr(server, name, value)
    found, told = read_remote(server.url, refresh=True)
    assert found.models[0].id == "team/one"
    assert said in told
    assert read_remote(server.url)[0].models[0].id == "team/one"


def test_a_server_that_redirects_for_ever_is_given_up(server):
    server.redirect = server.url
    with pytest.raises(RegistryError, match="redirects without end"):
        read_remote(server.url)


def test_a_redirect_to_an_address_that_is_not_https_is_refused(server):
    with RegistryServer(registry()) as other:
        server.redirect = other.url.replace("127.0.0.1", "0.0.0.0")
        with pytest.raises(UsageError, match=r"http://0\.0\.0\.0.* is not at an https address"):
            read_remote(server.url)


def test_a_registry_without_end_is_given_up(server, monkeypatch):
    monkeypatch.setattr(remote, "LARGEST", 100)
    with pytest.raises(RegistryError, match="larger than"):
        read_remote(server.url)


def test_a_first_answer_that_breaks_the_schema_is_an_error_with_every_fault(server):
    server.content = changed(changed(registry(), "models.0.license", "x y"), "models.0.config", {"a": {}})
    with pytest.raises(SchemaError) as caught:
        read_remote(server.url)
    assert len(caught.value.details) == 2


def test_a_registry_from_the_network_may_not_name_files_of_this_machine(server):
    server.content = registry(model(variants=[variant(files=[file(sources=["file:/etc/passwd"])])]))
    with pytest.raises(SchemaError):
        read_remote(server.url)


def test_offline_uses_the_copy_and_says_so(server, monkeypatch):
    read_remote(server.url)
    monkeypatch.setenv("HUB_OFFLINE", "1")
    found, said = read_remote(server.url, refresh=True)
    assert found.models[0].id == "team/one"
    assert "to stay offline" in said
    assert server.answers == [200]


def test_a_catalogue_without_the_network_has_the_copies_alone(server, monkeypatch):
    monkeypatch.setenv("HUB_REGISTRIES", server.url)
    assert "to stay offline" in load_catalogue(network=False).notices[0]
    load_catalogue()
    monkeypatch.setattr(remote, "FRESH_SECONDS", 0)
    assert load_catalogue(network=False).find("team/one")
    assert server.answers == [200]


@pytest.mark.parametrize("address", ["http://example.org/registry.json", "ftp://example.org/registry.json"])
def test_an_address_that_is_not_https_is_refused(address):
    with pytest.raises(UsageError, match="not at an https address"):
        read_remote(address)


def test_a_damaged_copy_is_fetched_again(server, hub_home):
    read_remote(server.url)
    for path in (hub_home / "registries").glob("*.json"):
        path.write_bytes(b"{")
    assert read_remote(server.url)[0].models[0].id == "team/one"
    assert server.answers == [200, 200]


def test_a_home_that_cannot_be_written_serves_what_came_and_says_so(server, hub_home):
    hub_home.mkdir(parents=True)
    (hub_home / "registries").write_text("in the way")
    found, said = read_remote(server.url)
    assert found.models[0].id == "team/one"
    assert "cannot be kept" in said


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nothing_is_left_of_a_copy_that_failed(server, hub_home):
    read_remote(server.url)
    server.etag, server.content = '"2"', b"{"
    read_remote(server.url, refresh=True)
    names = sorted(path.suffix for path in (hub_home / "registries").iterdir())
    assert names == [".copy", ".json"]
    assert all(stat.S_ISREG(path.stat().st_mode) for path in (hub_home / "registries").iterdir())
