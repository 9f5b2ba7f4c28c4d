"""A step on weights of several parts: those with nothing in them to do stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hub.errors import NothingToDo
from hub.plugin.host import Host
from hub.registry.schema import File, Model, Variant
from hub.runtime.protocols import Emit, TransformRequest
from hub.runtime.protocols import Model as TaskModel
from hub.runtime.references.sources import find_source
from hub.runtime.transforms.transform import apply_recipe
from hub.store.blobs import hash_file
from hub.store.store import Store
from hub.types import Artifact, OptionValue
from tests.support.making import HERE as MAKING
from tests.support.making import plan_for
from tests.support.planning import backend, make_host, model_plugin, transform

HERE = "tests.runtime.test_transform_parts"


class Both(TaskModel):
    """A vector of one number: what both parts make of the length of the text."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        feeds = ({"x": np.array([len(text)], dtype=np.float32)} for text in inputs)
        return [self.parts["rec"].run({"x": self.parts["det"].run(each)["y"]})["y"] for each in feeds]


def halve_large(request: TransformRequest) -> None:
    number = float(request.files[0].read_text())
    if number < 10:
        raise NothingToDo(f"{request.files[0].name} is small already")
    (request.out / "halved.onnx").write_text(str(number / 2))


def host() -> Host:
    return make_host(
        backend("scale", target=f"{MAKING}:open_scale"),
        model_plugin("both", target=f"{HERE}:Both"),
        transform("halve", "onnx", lossy=True, target=f"{HERE}:halve_large"),
    )


def pulled(folder: Path, store: Store, **numbers: str) -> tuple[Model, Artifact]:
    folder.mkdir()
    files = []
    for part, number in numbers.items():
        path = folder / f"{part}.onnx"
        path.write_text(number)
        sha256, size = hash_file(path)
        files.append(File(path=path.name, size=size, sha256=sha256, sources=(f"file:{path}",), part=part))
    variant = Variant(name="graph", format="onnx", files=tuple(files))
    model = Model(id="a/b", task="feature-extraction", license="MIT", summary="", variants=(variant,), family="bert")
    return model, store.pull(variant.weights(), label="b", model="a/b", variant="graph", sources=find_source)


def test_a_part_with_nothing_to_do_stays_as_it_is(hub_home: Path, tmp_path: Path) -> None:
    made, store = host(), Store()
    model, parent = pulled(tmp_path / "made", store, det="3.0", rec="20.0")
    opens, artifact = apply_recipe(plan_for(model, made, store, "halve"), parent, host=made, store=store)
    found = {part: (artifact.path / names[0]).read_text() for part, names in opens.facts.parts.items()}
    assert found == {"det": "3.0", "rec": "10.0"}


def test_where_no_part_has_anything_to_do_the_step_is_refused(hub_home: Path, tmp_path: Path) -> None:
    made, store = host(), Store()
    model, parent = pulled(tmp_path / "made", store, det="3.0", rec="4.0")
    with pytest.raises(NothingToDo, match=r"det\.onnx is small already"):
        apply_recipe(plan_for(model, made, store, "halve"), parent, host=made, store=store)
