"""The commands of the core: name, module and one line of help, which stands here so that `hub --help` imports none."""

from __future__ import annotations

__all__ = ["COMMANDS"]

COMMANDS: dict[str, tuple[str, str]] = {
    "search": ("hub.cli.search", "Find models in the registries."),
    "info": ("hub.cli.info", "Show everything known about a model."),
    "plan": ("hub.cli.plan", "Show how a model would run here, and why not otherwise."),
    "pull": ("hub.cli.pull", "Download and verify a model's weights."),
    "list": ("hub.cli.list", "List the models on this machine."),
    "rm": ("hub.cli.rm", "Remove a model's weights."),
    "gc": ("hub.cli.gc", "Free what nothing refers to."),
    "run": ("hub.cli.run", "Run a model on text, files or stdin, or chat with it."),
    "compress": ("hub.cli.compress", "Make a model smaller or faster, and measure what it loses."),
    "bench": ("hub.cli.bench", "Measure every way to run a model on this machine."),
    "tune": ("hub.cli.tune", "Find the best way to run a model on this machine, and use it from now on."),
    "publish": ("hub.cli.publish", "Publish a model or a plugin, and propose it for a registry."),
    "registry": ("hub.cli.registry", "Add to registries, check them, and read those of others."),
    "serve": ("hub.cli.serve", "Serve models over HTTP, to the clients that people already have."),
    "ps": ("hub.cli.ps", "Show the models that a server runs."),
    "stop": ("hub.cli.stop", "Unload a model from a server."),
    "top": ("hub.cli.top", "Watch the models of a server."),
    "logs": ("hub.cli.logs", "Show what a server logs."),
    "keys": ("hub.cli.keys", "Make, list and revoke keys of a server."),
    "usage": ("hub.cli.usage", "Show what was used of a server, by key, model and day."),
    "plugin": ("hub.cli.plugin", "List, install, write and check plugins."),
    "doctor": ("hub.cli.doctor", "Check this installation and say what to mend."),
    "config": ("hub.cli.config", "Show and change settings."),
    "completion": ("hub.cli.completion", "Print the completion script for a shell."),
}
