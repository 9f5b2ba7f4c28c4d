"""The environment of a process that works with what strangers wrote: a home of its own, and none of our secrets.

A process is no sandbox: what must not read our files runs in a container or a machine of its own, as CI does it. Knows
nothing of what the process does.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["without_secrets"]

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|(^|_)(PAT|AUTH|JWT)($|_)",
    re.IGNORECASE,
)
_OWNERS = ("ACTIONS_", "AWS_", "AZURE_", "GCP_", "SSH_", "GPG_", "RUNNER_", "INPUT_")
_OURS = ("HUB_REGISTRIES", "HUB_OFFLINE", "HUB_ALLOW_PICKLE", "HUB_DEBUG")


def without_secrets(home: Path) -> dict[str, str]:
    """Environment for a child whose homes lie below `home`; what pip and Python are set up with stays."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not _SECRET.search(name) and not name.startswith(_OWNERS) and name not in _OURS
    }
    return kept | {
        "HUB_HOME": str(home / "hub"),
        "HF_HOME": str(home / "huggingface"),
        "HF_HUB_CACHE": str(home / "huggingface" / "hub"),
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "NO_COLOR": "1",
    }
