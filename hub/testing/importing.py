"""What a module's import costs, measured in processes of their own: time, and frameworks that come with it.

Knows nothing of what the module is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

from hub.plugin.loading import HEAVY

__all__ = ["heavy_imports", "import_seconds"]

_MEASURE = """
import json, sys, time
import hub.plugin
before = set(sys.modules)
started = time.process_time()
import {module}
seconds = time.process_time() - started
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps([seconds, sorted(new & set({heavy}))]))
"""


def heavy_imports(module: str) -> list[str]:
    """Frameworks that come with the import of an entry point: `package.module` or `package.module:object`."""
    return _measured(module)[1]


def import_seconds(module: str, enough: float, times: int = 3) -> float:
    """Seconds of processor time that the import takes beyond `hub.plugin`: the first few enough, or the least."""
    least = _measured(module)[0]
    while least > enough and (times := times - 1):
        _measured.cache_clear()
        least = min(least, _measured(module)[0])
    return least


@cache
def _measured(module: str) -> tuple[float, list[str]]:
    code = _MEASURE.format(module=module.partition(":")[0], heavy=sorted(HEAVY))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seconds, heavy = json.loads(done.stdout.splitlines()[-1])
    return seconds, heavy
