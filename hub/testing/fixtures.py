"""Finds what a plugin's package brings to be checked on: functions in the entry-point group `hub.fixtures`.

Knows nothing of what is checked.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from hub.errors import PluginBroken
from hub.plugin.fixtures import Fixture, KindFixture, SourceFixture, TaskFixture, WeightsFixture
from hub.plugin.loaded import describe

__all__ = ["FIXTURES", "fixtures_of"]

FIXTURES = "hub.fixtures"
_CLASSES = (WeightsFixture, SourceFixture, KindFixture, TaskFixture)


def fixtures_of(plugin: str) -> list[Fixture]:
    """What a plugin's package brings to be checked on; empty where it brings nothing.

    Raises
    ------
    PluginBroken
        The function that it names cannot be imported, raises, or gives something else.
    """
    found: list[Fixture] = []
    for point in {(each.name, each.value): each for each in entry_points(group=FIXTURES)}.values():
        if point.name != plugin:
            continue
        try:
            given = point.load()()
        except Exception as error:  # a stranger's code: the check names it
            reason = f"its fixtures '{point.value}' cannot be had: {describe(error)}"
            raise PluginBroken(f"plugin '{plugin}': {reason}", hint="Run the function in Python") from error
        if not isinstance(given, list) or not all(isinstance(each, _CLASSES) for each in given):
            what = f"a list of {', '.join(each.__name__ for each in _CLASSES)}"
            raise PluginBroken(f"plugin '{plugin}': its fixtures '{point.value}' are {given!r:.80}, not {what}")
        found += given
    return found
