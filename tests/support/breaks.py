"""New plugins with faults: each is a template's package with some texts replaced, and the checks that must fail."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.scaffold.naming import names_of
from hub.scaffold.package import write_package


@dataclass(frozen=True, kw_only=True)
class Break:
    """A package. `changes` are file, old text and new text; `fails` are checks."""

    name: str
    kind: str
    changes: Sequence[tuple[str, str, str]]
    fails: frozenset[str]

    def write(self, folder: Path) -> Path:
        """The package, below a folder."""
        names = names_of(self.name)
        root = folder / names.package
        write_package(names, self.kind, root, author="Ada Example", licence="MIT")
        for name, old, new in self.changes:
            path = root / name if name == "pyproject.toml" else root / names.module / name
            old, new = (text.replace("NAME", names.name).replace("MODULE", names.module) for text in (old, new))
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{old!r} is not in {path}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        return root

    def lay(self, folder: Path, site: Path) -> None:
        """The package, below a folder, and as an installer would lay it into another."""
        root = self.write(folder)
        names = names_of(self.name)
        (root / names.module).rename(site / names.module)
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        info = site / f"{names.module}-{project['version']}.dist-info"
        info.mkdir()
        head = {"Metadata-Version": "2.4", "Name": project["name"], "Version": project["version"]}
        head |= {"Summary": project["description"], "Requires-Python": project["requires-python"]}
        head |= {"License-Expression": project["license"]} if "license" in project else {}
        lines = [f"{name}: {value}" for name, value in head.items()]
        lines += [f"Requires-Dist: {each}" for each in project["dependencies"]]
        (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        groups = [
            "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
            for group, points in project["entry-points"].items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups) + "\n", encoding="utf-8")


SPIN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end:\n    pass\n"
COUNTED = "COUNT = [0]\n\n\ndef counted() -> int:\n    COUNT[0] += 1\n    return COUNT[0]\n\n\nclass"

BREAKS = (
    Break(
        name="bad-package",
        kind="task",
        changes=(
            ("plugin.py", "from hub.plugin", "import numpy\nfrom hub.plugin"),
            ("plugin.py", "@hookimpl", f"{SPIN}\n\n@hookimpl\ndef hub_task():\n    return []\n\n\n@hookimpl"),
            ("plugin.py", "samples:samples", "samples:sample"),
            ("__init__.py", '"""', '__version__ = "9.9"\n"""'),
            ("fidelity.py", "from collections", "import click\nimport hub.store.store\nfrom collections"),
            ("fixtures.py", "tasks/NAME", "tasks/other"),
            ("pyproject.toml", "openmodelhub>=0.1,<0.2", "openmodelhub"),
            ("pyproject.toml", '"numpy>=1.26"', '"absent-package>=2"'),
            ("pyproject.toml", 'license = "MIT"\n', ""),
        ),
        fails=frozenset(
            {
                "the entry point imports nothing heavy",
                "the entry point is imported in no time",
                "the host finds no fault in it",
                "every target of its specs can be imported",
                "its version is the same everywhere",
                "it says which versions of the core it is for",
                "what it depends on is installed",
                "it declares what it imports",
                "it uses the contract alone",
                "it says what it is",
                "the plugin gives what its fixture is of",
            }
        ),
    ),
    Break(
        name="bad-task",
        kind="task",
        changes=(
            ("plugin.py", 'outputs=("text",)', 'outputs=("texts",)'),
            ("samples.py", "    return [", "    import random\n\n    return [str(random.random())]\n    return ["),
            ("fidelity.py", "return 1 - ", "return 1.1 - "),
        ),
        fails=frozenset(
            {
                "every kind is known",
                "its samples are inputs of its kinds",
                "its samples are the same each time",
                "equal answers lose nothing",
            }
        ),
    ),
    Break(
        name="blind-task",
        kind="task",
        changes=(("fidelity.py", 'return 1 - self.figures()["likeness"]', "return 0.0"),),
        fails=frozenset({"worse answers lose something"}),
    ),
    Break(
        name="asking-task",
        kind="task",
        changes=(
            ("fidelity.py", "from collections", "import contextlib\nimport socket\nfrom collections"),
            (
                "fidelity.py",
                "        self.ratios.append(",
                "        with contextlib.suppress(OSError):\n"
                "            socket.create_connection(('192.0.2.1', 9), 1)\n"
                "        self.ratios.append(",
            ),
        ),
        fails=frozenset({"equal answers lose nothing"}),
    ),
    Break(
        name="bad-source",
        kind="source",
        changes=(
            ("source.py", "if self.context.offline:", "if False:"),
            ("source.py", "raise NotFound(f\"'NAME:{locator}' is no path of a file\")", "raise KeyError(locator)"),
            ("source.py", "{404, 410}", "{410}"),
            ("source.py", "        if sink.offset:\n", "        if False:\n"),
            ("source.py", "if sink.offset and response.status != 206:", "if False:"),
            ("source.py", "quote(checked(locator))", "checked(locator)"),
            ("source.py", "raise SourceError(f\"'NAME:{locator}' has no listing: name each file\")", "return None"),
            ("source.py", "self.context = context", "self.context = context\n        KEPT.append(open(os.devnull))"),
            ("source.py", "SECONDS = 30", "SECONDS = 30\nKEPT: list = []\nSINKS: list = []"),
            (
                "source.py",
                "                    sink.write(chunk)",
                "                    SINKS.append(sink)\n"
                "                    __import__('time').sleep(0.02)\n"
                "                    with __import__('contextlib').suppress(Exception):\n"
                "                        SINKS[-1].write(chunk)",
            ),
        ),
        fails=frozenset(
            {
                "it gives the bytes of every file",
                "it goes on where an interrupted pull ended",
                "a file that is not there is not found",
                "a locator that is nonsense is an error of the source",
                "a sink that refuses ends the fetch",
                "told to stay offline it says so",
                "files are fetched at the same time",
                "a repository is listed or refused",
                "opening and closing often leaks nothing",
            }
        ),
    ),
    Break(
        name="bad-format",
        kind="converter",
        changes=(
            ("plugin.py", 'match=("*.NAME",)', 'match=("*",)'),
            ("plugin.py", 'weights=("*.NAME",)', 'weights=("*.none",)'),
            (
                "fixtures.py",
                "        np.savez(file, weight=layer())",
                "        file.write(b'x')\n    (folder / 'a.gguf').touch()",
            ),
        ),
        fails=frozenset(
            {
                "its files are told by its patterns",
                "no other format takes its files for its own",
                "a folder of other files is not of this format",
            }
        ),
    ),
    Break(
        name="bad-converter",
        kind="converter",
        changes=(
            ("conversion.py", 'array.reshape(tensor["shape"])', 'array.reshape(tensor["shape"]) * 1.01'),
            (
                "fixtures.py",
                "        np.savez(file, weight=layer())",
                "        __import__('pickle').dump({'weight': 1}, file)",
            ),
        ),
        fails=frozenset(
            {
                "its output agrees with its input",
                "weights that can carry code are declared unsafe",
            }
        ),
    ),
    Break(
        name="bad-compression",
        kind="compression",
        changes=(
            ("plugin.py", 'takes=("safetensors",)', 'takes=("gguf",)'),
            ("facts.py", "facts.size // 2", "facts.size * 1000"),
            ("compression.py", "return halved.tobytes()", "return bytes(len(halved.tobytes()))"),
            (
                "compression.py",
                "    place = 0\n",
                "    place = 0\n    made['__metadata__'] = {'made': str(__import__('time').time_ns())}\n",
            ),
            (
                "compression.py",
                "    total = 0\n",
                "    total = 0\n    (request.origin.path / 'stray.txt').write_text('x')\n"
                "    (request.out / 'more.safetensors').write_bytes(bytes(100_000))\n",
            ),
        ),
        fails=frozenset(
            {
                "it takes the format and gives what its spec says",
                "what it predicts comes true",
                "it loses no more than its fixture declares",
                "it makes the same again",
                "what went in is as it was",
                "it makes weights no larger",
            }
        ),
    ),
    Break(
        name="rewriting-compression",
        kind="compression",
        changes=(
            (
                "compression.py",
                "    total = 0\n",
                "    total = 0\n    with (request.origin.path / 'model.safetensors').open('r+b') as file:\n"
                "        file.seek(-1, 2)\n        file.write(b'x')\n",
            ),
        ),
        fails=frozenset({"what went in is as it was"}),
    ),
    Break(
        name="worse-compression",
        kind="compression",
        changes=(
            ("compression.py", "return halved.tobytes()", "return b''"),
            ("compression.py", "raise InferenceError(", "raise KeyError("),
        ),
        fails=frozenset(
            {
                "what it makes can be opened and answers",
                "its lineage is recorded",
                "damaged weights are an error that says so",
            }
        ),
    ),
    Break(
        name="bad-model",
        kind="model",
        changes=(
            (
                "model.py",
                "    for text in texts:\n",
                "    texts = [str(text) for text in texts]\n    for text in texts:\n",
            ),
            ("model.py", "mask[place, : len(row)] = 1", "mask[place] = 1"),
            ("model.py", "vectors.astype(np.float32)", "vectors.astype(np.float64)"),
            ("facts.py", 'config.get("model_type") == "NAME"', "True"),
        ),
        fails=frozenset(
            {
                "an input of another kind is the callers mistake",
                "it claims its weights and no others",
                "a batch answers as one after the other",
                "it agrees with the reference",
                "every sample is answered with the kind of the task",
            }
        ),
    ),
    Break(
        name="counting-model",
        kind="model",
        changes=(
            ("model.py", "class", COUNTED),
            (
                "model.py",
                'if options["normalize"]:',
                "vectors = np.random.default_rng(counted()).normal(size=vectors.shape)\n        if True:",
            ),
        ),
        fails=frozenset({"threads get the answers that one alone gets"}),
    ),
    Break(
        name="bad-backend",
        kind="backend",
        changes=(
            ("plugin.py", 'devices=("cpu",)', 'devices=("cpu", "cuda")'),
            ("probe.py", 'devices=("cpu",)', 'devices=("cpu", "cuda", "npu")'),
            ("facts.py", "weights=facts.size", "weights=0"),
            ("backend.py", "class", f"KEPT: list = []\n{COUNTED}"),
            (
                "backend.py",
                "        size, count = weight.shape",
                "        KEPT.append(self)\n        size, count = weight.shape",
            ),
            ("backend.py", "self._bias, 0)}", "self._bias, 0) + counted()}"),
            (
                "backend.py",
                "    [path] = request.files",
                "    if request.device == 'cuda':\n        raise InferenceError('none')\n    [path] = request.files",
            ),
        ),
        fails=frozenset(
            {
                "opening and closing often leaks nothing",
                "it accepts the weights and estimates their memory",
                "its probe names devices that the spec declares",
                "it opens on every device that it names here",
                "the same request gives the same answer",
                "threads get the answers that one alone gets",
                "it opens and closes several times",
                "it agrees with the reference",
                "wanted outputs alone are given",
                "tensors of other sizes and empty ones are answered or refused",
                "a bad request is the callers mistake and does not harm the session",
            }
        ),
    ),
    Break(
        name="worse-backend",
        kind="backend",
        changes=(
            ("plugin.py", "from hub.plugin", "import numpy\nfrom hub.plugin"),
            (
                "plugin.py",
                "@hookimpl\ndef hub_backends",
                "@hookimpl\ndef hub_backend():\n    ...\n\n\n@hookimpl\ndef hub_backends",
            ),
            ("plugin.py", "probe:probe", "probe:prob"),
            (
                "backend.py",
                'self.inputs = (Tensor(name="x", dtype="float32", shape=("batch", size)),)',
                "self.inputs = ()",
            ),
            ("backend.py", "raise InferenceError(f", "__import__('os').abort()\n        raise InferenceError(f"),
        ),
        fails=frozenset(
            {
                "the entry point imports nothing heavy",
                "the host finds no fault in the plugin",
                "every target of the spec can be imported",
                "a session says what the contract asks",
                "feeds that are missing unknown or of another dtype are refused",
                "damaged weights are an error and not a crash",
            }
        ),
    ),
    Break(
        name="shared-backend",
        kind="backend",
        changes=(
            (
                "backend.py",
                "self._weight, self._bias = weight, bias",
                "self._weight, self._bias, self._kept = weight, bias, {}",
            ),
            (
                "backend.py",
                '        return {"y": np.maximum(feeds["x"] @ self._weight + self._bias, 0)}',
                '        kept = self._kept.setdefault(len(feeds["x"]), np.empty((len(feeds["x"]), 8), np.float32))\n'
                '        return {"y": np.maximum(feeds["x"] @ self._weight + self._bias, 0, out=kept)}',
            ),
        ),
        fails=frozenset({"what it gives does not change with the next call"}),
    ),
)
