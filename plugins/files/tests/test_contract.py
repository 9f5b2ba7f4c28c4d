"""The plugin keeps the contract, tried on what its package brings."""

from hub.testing import PluginContract


class TestFiles(PluginContract, plugin="files"):
    pass
