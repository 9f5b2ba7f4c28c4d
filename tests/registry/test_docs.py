"""The page about registries says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hub.registry import schema
from hub.registry.rules import SCHEMES
from hub.registry.search import Hit
from hub.registry.validate import validate
from hub.runtime.references.unlisted import GGUF_PREFERENCE

PAGE = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")


def test_the_entry_that_is_shown_has_no_fault():
    (example,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    validate(json.dumps(json.loads(example)).encode(), name="docs/registry.md", schemes=SCHEMES, local=False)


def test_every_field_is_told():
    told = set(re.findall(r"`([a-z0-9_]+)`", PAGE))
    for kind in (schema.File, schema.Variant, schema.Model, schema.Plugin, Hit):
        assert set(kind.__struct_fields__) <= told, kind.__name__


def test_the_order_of_gguf_files_is_the_one_that_is_told():
    assert ", ".join(GGUF_PREFERENCE) in PAGE


def test_the_python_that_is_shown_runs(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/registry.md", "exec"), {})
    assert "all-minilm-l6-v2 91017837" in capsys.readouterr().out
