"""A listed plugin, installed through pip into an environment of its own: what is wrong with it is named."""

from __future__ import annotations

import pytest

from hub.publish.plugin_trial import failures, try_plugin
from hub.registry.differences import PluginChange
from hub.registry.schema import Plugin
from tests.support.plugins import Made, backend
from tests.support.venv import ROOT, Environment

pytestmark = pytest.mark.venv


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Has what the core depends on; the core itself is that of this repository."""
    return Environment(tmp_path_factory.mktemp("trial") / "env", tools=("pytest",))


@pytest.fixture
def tried(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("SECRET_TOKEN", "sesame")

    def run(made: Made | None = None, **fields):
        if made is not None:
            made.wheel(tmp_path)
        package = made.distribution if made else "hubtest-missing"
        plugin = Plugin(**{"package": package, "summary": "One.", "version": "==1.2.3", **fields})
        found = try_plugin(PluginChange(before=None, after=plugin, index=3), python=environment.python)
        return [(each.level, each.check, each.message) for each in found]

    return run


def test_a_package_that_no_index_has_is_named(tried):
    ((level, check, message),) = tried()
    assert (level, check) == ("fault", "plugin")
    assert "hubtest-missing==1.2.3 cannot be installed" in message


def test_a_plugin_that_gives_other_than_its_entry_says_is_named(tried):
    found = tried(Made(name="other", source=backend("other")), gives={"backends": ("another",)})
    assert ("fault", "plugin", "it gives backends other, and the entry says backends another") in found
    assert found[0] == ("ok", "plugin", "hubtest-other==1.2.3 is installed")


def test_each_check_that_a_plugin_fails_is_named(tried):
    found = tried(Made(name="odd", source=backend("odd", target="hubtest_odd:nothing")), gives={"backends": ("odd",)})
    assert ("ok", "plugin", "gives backends odd, as the entry says") in found
    failed = [message for level, check, message in found if (level, check) == ("fault", "conformance")]
    assert failed
    assert any("hubtest_odd" in message for message in failed), failed


def test_a_plugin_that_does_not_load_is_a_fault_and_sees_none_of_our_secrets(tried):
    source = "import os\nraise RuntimeError('told ' + os.environ.get('SECRET_TOKEN', 'nothing'))\n"
    found = tried(Made(name="raises", source=source))
    assert any(level == "fault" and "raises is broken" in message for level, _, message in found)
    assert any("told nothing" in message for _, _, message in found)


def test_a_yanked_plugin_is_not_installed():
    plugin = Plugin(package="hubtest-gone", summary="", yanked="unsafe")
    assert list(try_plugin(PluginChange(before=None, after=plugin))) == []


def test_a_report_that_is_none_has_no_failures():
    assert list(failures("no JSON")) == []
    assert list(failures("[]")) == []
