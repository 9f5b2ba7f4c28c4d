"""What a runtime or a codec gets wrong fails the check that is about it, and what gets nothing wrong passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.scaffolds import environment

SPEAKING, PAINTING = ROOT / "tests" / "support" / "speaking", ROOT / "tests" / "support" / "painting"
FAULTS = {
    ("chat", ""): set(),
    ("generate", ""): set(),
    ("embed", ""): set(),
    ("chat", "refuses schema"): {"a field is honoured or refused"},
    ("chat", "ignores schema"): {"an answer keeps to the schema"},
    ("chat", "ignores tools"): {"a tool that must be called is called"},
    ("chat", "tells others"): {"log probabilities are told of every token"},
    ("chat", "ignores stop"): {"stop ends the answer before the text"},
    ("chat", "ignores max_tokens"): {"max tokens cuts the answer and says so"},
    ("chat", "ignores top_k"): {"the narrowest filter leaves the likeliest token"},
    ("chat", "ignores seed"): {"a seed gives the same answer again"},
    ("chat", "emits less"): {"what is emitted is what is answered"},
    ("chat", "goes on"): {"a callback that wants no more stops the answer"},
    ("chat", "cuts prompts"): {"a prompt longer than the context is refused and not cut"},
    ("generate", "ignores temperature"): {"temperature and seed change the answer"},
    ("generate", "ignores top_p"): {"the narrowest filter leaves the likeliest token"},
    ("generate", "ignores suppress"): {"tokens that are suppressed do not come"},
    ("generate", "ignores eos"): {"an end token ends the answer"},
    ("generate", "pads"): {"ragged prompts are continued as each alone"},
    ("generate", "ignores seed"): {"a seed gives the same answer again"},
    ("generate", "goes on"): {"a callback that wants no more stops the answer"},
    ("embed", "pads"): {"a text has the same vector alone and among others"},
}
KINDS = {
    "pass": set(),
    "codec.read = lambda given: copied(read(given))": {"a value of the kind is given back as it is"},
    "codec.read = lambda given: read(Path(given)) if isinstance(given, bytes) else read(given)": {
        "a path bytes and streams give the same"
    },
    "codec.write = lambda value, suffix: write(value, suffix) if suffix == '.grid' else b''": {
        "every ending is written or refused as the callers mistake"
    },
    "codec.read = lambda given: read(given) if given is not None else read([[1]])": {
        "what is none of the kind is the callers mistake"
    },
    "codec.read = lambda given: cut(given) or read(given)": {"content that is cut is read or refused"},
    "codec.describe = lambda value: {'width': value.shape}": {"what is said of a value is json"},
    "codec.read = lambda given: Locked(read(given)) if not isinstance(given, Locked) else given": {
        "a value can be sent to a worker"
    },
}
MODULE = """
import os, sys
import pytest
from pathlib import Path
from hub.plugin import WeightsFixture
from hub.testing import BackendContract, KindContract

FAULTS, KINDS = {faults!r}, {kinds!r}

def write(folder):
    (folder / "model.say").write_text("nothing that is read")

for number, (verb, fault) in enumerate(FAULTS):
    fixture = WeightsFixture(of="backends/speaker", write=write, format="say", verb=verb, options={{"fault": fault}})
    globals()[f"TestSession{{number}}"] = type(f"TestSession{{number}}", (BackendContract,), {{"fixture": fixture}})

def copied(value):
    return value.copy()

def cut(given):
    if isinstance(given, bytes) and len(given) == 1:
        raise IndexError(given)

class Locked:
    def __init__(self, value):
        self.value, self.shape, self.dtype, self.ndim = value, value.shape, value.dtype, value.ndim
    def __reduce__(self):
        raise TypeError("a lock")
    def tobytes(self):
        return self.value.tobytes()
    def __iter__(self):
        return iter(self.value)

def patched(change):
    @pytest.fixture(autouse=True)
    def codec(self, monkeypatch):
        import hub_painting.codec as codec
        read, write = codec.read, codec.write
        for name in ("read", "write", "describe"):
            monkeypatch.setattr(codec, name, getattr(codec, name))
        exec(change, {{**globals(), "codec": codec, "read": read, "write": write}})
    return codec

class Grid(KindContract):
    kind = "grid"
    @pytest.fixture
    def given(self):
        return [[1, 2, 3], [4, 5, 6]]

for number, change in enumerate(KINDS):
    globals()[f"TestKind{{number}}"] = type(f"TestKind{{number}}", (Grid,), {{"codec": patched(change)}})
"""
RUN = """
import sys, pytest
from hub.testing.check import Reporter
class Wanted:
    def pytest_collection_modifyitems(self, items):
        items[:] = [each for each in items if getattr(each.module, "wanted", lambda _: True)(each)]
with open(sys.argv[2], "w") as out:
    pytest.main(["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:terminal", "-c", "/dev/null",
                 "-k", "not damaged and not heavy and not leaks", sys.argv[1]], plugins=[Wanted(), Reporter(out)])
"""


@pytest.fixture(scope="module")
def failed(once) -> dict[str, set[str]]:
    """Class of each fault to the checks that failed."""
    folder = once("sessions", run)
    found: dict[str, set[str]] = {}
    for text in (folder / "out.jsonl").read_text().splitlines():
        line = json.loads(text)
        assert line["event"] != "error", line["reason"] + (folder / "said.txt").read_text()
        if line["event"] == "end":
            bad = found.setdefault(line["node"].split("::")[1], set())
            if line["outcome"] == "failed":
                bad.add(line["check"].partition(" (")[0])
                assert line["fix"], line["check"]
    return found


def run(folder: Path) -> None:
    """Run the contracts on every fault, in one process."""
    (folder / "test_breaks.py").write_text(MODULE.format(faults=list(FAULTS), kinds=list(KINDS)))
    (folder / "site").mkdir()
    env = environment(folder / "site")
    env["PYTHONPATH"] = f"{SPEAKING}:{PAINTING}:{env['PYTHONPATH']}"
    command = [sys.executable, "-c", RUN, str(folder / "test_breaks.py"), str(folder / "out.jsonl")]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=240)
    (folder / "said.txt").write_text(done.stdout + done.stderr)


@pytest.mark.parametrize(("number", "fault"), list(enumerate(FAULTS)), ids=[" ".join(fault) for fault in FAULTS])
def test_a_fault_of_a_runtime_fails_the_check_that_is_about_it(failed, number, fault):
    assert FAULTS[fault] <= failed[f"TestSession{number}"]
    assert fault[1] or not failed[f"TestSession{number}"]


@pytest.mark.parametrize(("number", "change"), list(enumerate(KINDS)))
def test_a_fault_of_a_codec_fails_the_check_that_is_about_it(failed, number, change):
    assert KINDS[change] <= failed[f"TestKind{number}"]
    assert change != "pass" or not failed[f"TestKind{number}"]


def test_every_fault_is_tried(failed):
    assert len(failed) == len(FAULTS) + len(KINDS)
    assert Path(SPEAKING, "hub_speaking").is_dir()
