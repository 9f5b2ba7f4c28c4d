from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hub.errors import RegistryError, SchemaError
from hub.registry.decode import decode
from hub.registry.validate import validate
from tests.conftest import ROOT
from tests.support.registries import changed, registry


def test_fields_that_a_later_version_adds_are_passed_over():
    content = json.loads(registry())
    content["news"] = {"a": 1}
    content["models"][0]["voice"] = ["x"]
    content["models"][0]["variants"][0]["files"][0]["xet"] = "y"
    later = json.dumps(content).encode()
    assert decode(later, name="r").models == decode(registry(), name="r").models
    validate(later, name="r")


@pytest.mark.parametrize("read", [decode, validate])
def test_a_later_schema_says_to_upgrade_whatever_else_differs(read):
    content = changed(changed(registry(), "schema", 2), "models", "elsewhere")
    with pytest.raises(RegistryError, match="has schema 2; this version of hub reads schema 1") as caught:
        read(content, name="r")
    assert "--upgrade openmodelhub" in caught.value.hint


@pytest.mark.parametrize("read", [decode, validate])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"schema": 1,\n "name": }', r"not JSON: Expecting value \(line 2, column 10\)"),
        (b"", r"not JSON: Expecting value \(line 1, column 1\)"),
        (b"[1]", "holds no JSON object"),
        (b'{"schema": 1, "name": "\xff"}', "not UTF-8: byte 23"),
        (b'{"schema": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"schema": 1, "name": "half a pair: \\ud800 x"}', "is not usable: "),
    ],
)
def test_what_is_not_json_says_where(read, content, said):
    with pytest.raises(RegistryError, match=said):
        read(content, name="r")


def test_a_key_that_comes_twice_is_refused():
    with pytest.raises(RegistryError, match='the key "name" twice'):
        validate(b'{"schema": 1, "name": "a", "name": "b"}', name="r")


def test_the_fast_way_reports_every_fault_too():
    content = changed(changed(registry(), "name", "B A D"), "models.0.id", "bad")
    with pytest.raises(SchemaError) as caught:
        decode(content, name="r")
    assert [line.partition(":")[0] for line in caught.value.details] == ["$.name", "$.models[0].id"]
    assert caught.value.exit_code == 2


THREADS = """
import sys, threading
from hub.registry.decode import decode
sys.setswitchinterval(1e-6)
content = open(sys.argv[1], "rb").read()
together = threading.Barrier(6)
def read():
    together.wait()
    assert decode(content, name="ours").models
threads = [threading.Thread(target=read) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_that_read_the_first_registry_at_once_do_not_crash_the_process():
    command = [sys.executable, "-c", THREADS, str(ROOT / "registry.json")]
    for _ in range(6):  # without care every second process ends with SIGSEGV
        assert subprocess.run(command, check=False).returncode == 0
