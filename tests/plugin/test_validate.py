"""Every field of every spec is checked, and every fault is said at once."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from hub.plugin import builtin, validate
from hub.plugin.specs import (
    BackendSpec,
    FormatSpec,
    KindSpec,
    LoadStep,
    ModelSpec,
    SourceSpec,
    TaskSpec,
    TransformSpec,
)
from hub.runtime.protocols import VERBS
from hub.types import Option

TASK = TaskSpec(id="depth-estimation", inputs=("image",), outputs=("image",), samples="a.b:c")
FORMAT = FormatSpec(id="npy", match=("*.npy",), weights=("*.npy",))
BACKEND = BackendSpec(
    id="onnx",
    formats=("onnx",),
    verbs=("run",),
    target="a:b",
    options=(Option(name="threads", type=int, default=0, min=0, max=64),),
    env={"OMP_NUM_THREADS": "1"},
    accepts="a:b",
    memory="a:b",
    probe="a:b",
)
MODEL = ModelSpec(
    id="text",
    task="text-generation",
    families=("*",),
    verbs=("chat",),
    target="a:b",
    needs={"run": ("tokenizer.json",)},
)
TRANSFORM = TransformSpec(id="int8", step="int8", takes=("onnx",), target="a:b")
SOURCE = SourceSpec(id="s3", target="a:b")
KIND = KindSpec(id="image", media="image/png", suffixes=(".png", ".tar.gz"), read="a:b", write="a:b", describe="a:b")
SPECS = (TASK, FORMAT, BACKEND, MODEL, TRANSFORM, SOURCE, KIND)


def check(spec: Any, **changes: Any) -> list[str]:
    return validate.validate(replace(spec, **changes), type(spec))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_a_sound_spec_has_no_faults(spec):
    assert validate.validate(spec, type(spec)) == []


def test_what_the_core_gives_is_sound():
    for given in (builtin.hub_tasks(), builtin.hub_formats(), builtin.hub_kinds(), builtin.hub_sources()):
        for spec in given:
            assert validate.validate(spec, type(spec)) == []


def test_verbs_are_those_of_the_protocols():
    assert validate.VERBS == VERBS


@pytest.mark.parametrize(
    ("spec", "name"),
    [(spec, field.name) for spec in SPECS for field in fields(spec)],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_no_field_takes_a_value_of_another_type(spec, name):
    [fault] = check(spec, **{name: object()})
    assert fault.startswith(f"{name} is <object object")


@pytest.mark.parametrize(
    ("spec", "name"),
    [(spec, field.name) for spec in SPECS for field in fields(spec) if field.name in validate._TARGETS],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize(
    "target", ["", "module", "module:", ":attribute", "a:b:c", "a b:c", "../a:b", "a..b:c", "a:b\n"]
)
def test_targets_are_module_colon_attribute(spec, name, target):
    assert check(spec, **{name: target}) == [f"{name} is {target!r} (str), not 'module:attribute'"]


@pytest.mark.parametrize("value", ["", "a b", "a/b", "a:b", "-a", "ä", "a\n"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_ids_are_words(spec, value):
    [fault] = check(spec, id=value)
    assert fault.startswith("id is")


def test_a_scheme_is_lower_case():
    assert check(SOURCE, id="S3")


@pytest.mark.parametrize(
    ("spec", "changes", "said"),
    [
        (BACKEND, {"formats": "onnx"}, "formats is 'onnx' (str), not a tuple: write ('onnx',)"),
        (BACKEND, {"formats": ["onnx"]}, "formats is ['onnx'] (list), not a tuple of str"),
        (BACKEND, {"formats": ("onnx", 3)}, "formats holds 3 (int), not only str"),
        (BACKEND, {"formats": ()}, "formats is empty"),
        (BACKEND, {"formats": ("",)}, "formats holds an empty text"),
        (BACKEND, {"devices": ("cpu", "cpu")}, "devices names 'cpu' twice"),
        (BACKEND, {"verbs": ("speak",)}, "verbs names 'speak', which is no verb (run, generate, chat, embed)"),
        (KIND, {"suffixes": ("png",)}, "suffixes holds 'png', which is no ending such as '.png'"),
        (KIND, {"suffixes": ()}, "suffixes is empty"),
        (KIND, {"media": "png"}, "media is 'png' (str), not a media type such as 'image/png'"),
        (MODEL, {"architectures": {"torch": "a"}}, "architectures['torch'] is 'a' (str), not 'module:attribute'"),
        (MODEL, {"architectures": {"a b": "a:b"}}, "architectures names 'a b', which is no framework"),
        (BACKEND, {"env": {"A B": "1"}}, "env names 'A B', which cannot be an environment variable"),
        (BACKEND, {"env": {"THREADS": 1}}, "env['THREADS'] is 1 (int), not a str"),
        (BACKEND, {"env": {1: "1"}}, "env has the key 1 (int), not a str"),
        (BACKEND, {"options": BACKEND.options[0]}, "options is no tuple: write (…,)"),
        (BACKEND, {"options": ("threads",)}, "options holds 'threads' (str), not only Option"),
        (MODEL, {"needs": {"sing": ("a",)}}, "needs names 'sing', which is no verb (run, generate, chat, embed)"),
        (MODEL, {"needs": {"run": "tokenizer.json"}}, "needs['run'] is 'tokenizer.json' (str), not a tuple"),
        (MODEL, {"task": "text generation"}, "task is 'text generation' (str)"),
        (TRANSFORM, {"revision": 0}, "revision is 0, and counts from 1"),
        (TRANSFORM, {"revision": True}, "revision is True (bool), not an int"),
        (TRANSFORM, {"tolerance": -0.1}, "tolerance is -0.1, not from 0 to 1"),
        (TRANSFORM, {"tolerance": "1e-3"}, "tolerance is '1e-3' (str), not a float"),
        (TRANSFORM, {"lossy": 1}, "lossy is 1 (int), not a bool"),
        (TRANSFORM, {"step": "int8|prune"}, "step is 'int8|prune' (str): a word of a recipe"),
    ],
)
def test_a_wrong_value_is_told_with_its_field(spec, changes, said):
    [fault] = check(spec, **changes)
    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"name": "Threads"}, "name is no lower-case word"),
        ({"name": "context-length"}, "name is no lower-case word"),
        ({"name": 3}, "name is no lower-case word"),
        ({"type": list}, "type is <class 'list'>, not one of str, int, float, bool, Path, dict"),
        ({"type": "int"}, "type is 'int', not one of"),
        ({"help": None}, "help is None (NoneType), not a str"),
        ({"many": 1}, "many is 1 (int), not a bool"),
        ({"type": str, "choices": ["a"]}, "choices is ['a'] (list), not a tuple"),
        ({"choices": ("a",)}, "choices are for options of type str"),
        ({"type": str, "choices": (1,)}, "choices are for options of type str, and are str"),
        ({"type": str, "min": 1}, "min and max are for options of type int or float"),
        ({"max": "many"}, "min and max are numbers"),
        ({"min": 3, "max": 1}, "min 3 is above max 1"),
        ({"default": "4"}, "default is '4' (str), not an int"),
        ({"default": True}, "default is True (bool), not an int"),
        ({"default": 1.5}, "default is 1.5 (float), not an int"),
        ({"default": 9, "max": 8}, "default 9 is outside of min and max"),
        ({"default": -1, "min": 0}, "default -1 is outside of min and max"),
        ({"type": str, "choices": ("a", "b"), "default": "c"}, "default 'c' is none of the choices"),
        ({"many": True, "default": 3}, "default is 3 (int), and many=True takes a list"),
        ({"many": True, "default": [1, "2"]}, "default is '2' (str), not an int"),
    ],
)
def test_a_wrong_option_is_told_with_its_place(option, said):
    [fault] = check(BACKEND, options=(Option(**{"name": "threads", "type": int, **option}),))
    assert fault.startswith("options[0] (")
    assert said in fault


@pytest.mark.parametrize(
    "option",
    [
        Option(name="schema", type=dict, default={"type": "object"}),
        Option(name="path", type=Path, default=Path("x")),
        Option(name="top_p", type=float, default=1, min=0.0, max=1.0),
        Option(name="stop", type=str, default=["a"], many=True),
        Option(name="fast", type=bool, default=True),
        Option(name="mode", type=str, default="a", choices=("a", "b")),
        Option(name="seed", type=int),
    ],
    ids=lambda option: option.name,
)
def test_options_of_each_type_are_taken(option):
    assert check(BACKEND, options=(option,)) == []


def test_an_option_may_not_have_the_name_of_an_earlier_one():
    twice = (Option(name="a", type=int), Option(name="a", type=str))
    assert check(BACKEND, options=twice) == ["options[1] ('a') has the name of an earlier option"]


def test_every_fault_is_told_at_once():
    faults = check(BACKEND, id="a b", formats=(), target="x", env=None)
    assert [fault.split()[0] for fault in faults] == ["id", "formats", "target", "env"]


def test_a_spec_that_cannot_be_sent_to_a_worker_is_told():
    [fault] = check(BACKEND, env=MappingProxyType({"A": "1"}))
    assert fault.startswith("cannot be sent to a worker process")


def test_another_object_is_told_by_its_type():
    assert validate.validate(FORMAT, BackendSpec)[0].endswith("(FormatSpec), not a BackendSpec")
    assert validate.validate(None, BackendSpec) == ["is None (NoneType), not a BackendSpec"]


def test_load_steps_are_words_with_sound_options():
    assert check(BACKEND, load_steps=(LoadStep(step="int8"),)) == []
    [fault] = check(BACKEND, load_steps=(LoadStep(step="a b"),))
    assert fault.startswith("load_steps[0].step is")
    [fault] = check(BACKEND, load_steps=(LoadStep(step="int8", verbs=("sing",)),))
    assert fault.startswith("load_steps[0].verbs names 'sing'")
    [fault] = check(BACKEND, load_steps=(LoadStep(step="int8"), LoadStep(step="int8")))
    assert fault == "load_steps[1] is the step 'int8' of an earlier one"
