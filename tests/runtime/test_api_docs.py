"""`docs/python.md` is true: its code runs on real weights, and prints what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
SECTIONS = {
    title: "\n".join(re.findall(r"^```python\n(.*?)^```", body, re.DOTALL | re.MULTILINE))
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}


def test_every_section_has_code():
    assert len(SECTIONS) == 9
    assert all(code for title, code in SECTIONS.items() if title != "Pictures, sound and files")


@pytest.mark.weights
@pytest.mark.parametrize("title", SECTIONS)
def test_the_code_of_the_page_prints_what_it_says(title, weights_home, tmp_path):
    code = SECTIONS[title]
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert code.count("print(") == len(promised)
    program = code if "import hub\n" in code else f"import hub\n{code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "HUB_HOME": str(weights_home)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == promised
