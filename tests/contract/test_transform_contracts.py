"""The contracts of converters and compressions tell each other's transforms apart."""

from __future__ import annotations

import subprocess
import sys

from tests.support.scaffolds import environment

MODULE = """
from hub.testing import CompressionContract, ConverterContract
from hub_new_compression.fixtures import fixtures as compression
from hub_new_converter.fixtures import fixtures as converter

class TestLossy(ConverterContract):
    fixture = compression()[0]

class TestLossless(CompressionContract):
    fixture = converter()[1]
"""


def test_a_transform_that_is_declared_as_the_other_kind_is_told(scaffolds, tmp_path):
    (tmp_path / "test_swapped.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command += ["-c", "/dev/null", "-k", "it_says_that", str(tmp_path)]
    out = subprocess.run(command, env=environment(scaffolds), capture_output=True, text=True, timeout=60).stdout
    assert "TestLossy::test_it_says_that_it_loses_nothing" in out
    assert "TestLossless::test_it_says_that_it_loses_something" in out
    assert "2 failed" in out
