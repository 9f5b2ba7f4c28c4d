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
    "plugin": ("hub.cli.plugin", "List, install, remove and switch off plugins."),
    "doctor": ("hub.cli.doctor", "Check this installation and say what to mend."),
    "config": ("hub.cli.config", "Show and change settings."),
    "completion": ("hub.cli.completion", "Print the completion script for a shell."),
}
