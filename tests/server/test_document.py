"""The document of the paths, tried by schemathesis: no request makes the server fail, and answers are as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.server.conftest import clean_environment
from tests.support.serving import Served, toy_home

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
)
LEFT_OUT = (
    "/hub/v1/keys",  # a key would shut the others out
    "/hub/v1/keys/{name}",
    "/hub/v1/pulls/events",  # never ends
    "/hub/v1/infer/{model}",  # takes MessagePack
)


@pytest.mark.slow
def test_schemathesis_finds_nothing(clients, tmp_path):
    patch = clean_environment()
    home, env = toy_home(tmp_path)
    arguments = ("toy", "--pull", "--option", "parallel=2", "--timeout", "20", "--max-body", "100KB")
    with Served(*arguments, "--keep-alive", "1e30", home=home, folder=tmp_path, env=env) as served:
        command = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "run", f"{served.url}/openapi.json"]
        command += [word for path in LEFT_OUT for word in ("--exclude-path", path)]
        command += ["--checks", ",".join(CHECKS), "--phases", "coverage"]
        command += ["--generation-deterministic", "--no-color"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([clients, str(ROOT)])}
        environment["SCHEMATHESIS_HOOKS"] = "tests.support.schema_hooks"
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, cwd=tmp_path)
    patch.undo()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    tried = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert tried
    assert int(tried[1]) > 500
    said = {int(record) for record in re.findall(r'"status":(\d+)', served.log.read_text())}
    assert {200, 400, 404, 405} <= said
    assert not {401, 500} & said
