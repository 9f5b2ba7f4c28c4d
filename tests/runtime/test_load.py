"""Opening a plan: the environment first, every part or none, and the model plugin over guarded sessions."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import numpy as np
import pytest

from hub.errors import InferenceError, OptionError, PluginBroken, PluginMissing, SessionClosed
from hub.runtime.protocols import Model
from hub.runtime.sessions.load import open_plan
from tests.support.toys import toy_artifact, toy_host, toy_plan


@pytest.fixture
def host(monkeypatch):
    for name in list(sys.modules):
        if name.split(".")[0] == "hub_toy":
            monkeypatch.delitem(sys.modules, name)
    yield toy_host(monkeypatch)
    for name in ("HUB_TOY_THREADS", "HUB_TOY_KEPT"):
        os.environ.pop(name, None)


def opened():
    from hub_toy.backend import OPENED

    return OPENED


def test_the_environment_is_set_before_the_library_loads_and_what_the_user_set_is_kept(host, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_TOY_KEPT", "mine")
    assert "hub_toy.backend" not in sys.modules
    open_plan(toy_plan(), toy_artifact(tmp_path), host).close()
    from hub_toy.backend import ENV_AT_IMPORT

    assert ENV_AT_IMPORT == {"HUB_TOY_THREADS": "passive", "HUB_TOY_KEPT": "mine"}


def test_a_model_answers_over_its_session(host, tmp_path):
    model = open_plan(toy_plan(), toy_artifact(tmp_path), host)
    answers = model.infer(["a b", "c"], {"max_tokens": None, "upper": False})
    assert [answer["generated_text"] for answer in answers] == ["a b", "c"]
    model.close()


def test_every_part_is_opened_with_what_the_plan_says(host, tmp_path):
    model = open_plan(toy_plan(parts=("encoder", "decoder"), device="npu"), toy_artifact(tmp_path), host)
    requests = [session.request for session in opened()]
    assert [request.part for request in requests] == ["encoder", "decoder"]
    assert {(request.path, request.verb, request.device) for request in requests} == {(tmp_path, "chat", "npu")}
    assert requests[1].files == (tmp_path / "decodera.toy",)
    model.close()
    model.close()
    assert [session.closed for session in opened()] == [1, 1]


def test_the_parts_that_are_open_are_closed_when_a_later_one_fails(host, tmp_path):
    plan = toy_plan(parts=("encoder", "decoder"), options={"fail": "decoder"})
    with pytest.raises(InferenceError, match=r"could not open 'tests/toy' part decoder: OSError: no room") as caught:
        open_plan(plan, toy_artifact(tmp_path), host)
    assert isinstance(caught.value.__cause__, OSError)
    assert [session.closed for session in opened()] == [1]


def test_the_sessions_are_closed_when_the_model_plugin_fails(host, tmp_path, monkeypatch):
    import hub_toy.model

    monkeypatch.setattr(hub_toy.model.Talk, "__init__", lambda *_: 1 / 0)
    with pytest.raises(InferenceError, match="model plugin 'toy-talk' could not open"):
        open_plan(toy_plan(), toy_artifact(tmp_path), host)
    assert [session.closed for session in opened()] == [1]


def test_a_backend_that_opens_no_session_is_blamed(host, tmp_path, monkeypatch):
    import hub_toy.backend

    monkeypatch.setattr(hub_toy.backend, "open_toy", lambda request: None)
    with pytest.raises(PluginBroken, match="backend 'toy' opened a session that does not keep the contract"):
        open_plan(toy_plan(), toy_artifact(tmp_path), host)


@pytest.mark.parametrize("field", ["backend", "model_plugin"])
def test_a_plan_of_what_is_not_installed_any_more_says_so(host, tmp_path, field):
    with pytest.raises(PluginMissing, match="'gone', which the plan chose"):
        open_plan(replace(toy_plan(), **{field: "gone"}), toy_artifact(tmp_path), host)


class Wrong(Model):
    """A model plugin that does what a test says."""

    answer = None

    def infer(self, inputs, options, emit):
        return type(self).answer(inputs)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (lambda inputs: inputs[:1], PluginBroken, "'toy-talk' gave 1 results for 2 inputs"),
        (lambda inputs: "ab", PluginBroken, "gave str results"),
        (lambda inputs: inputs[5], InferenceError, "'toy-talk' failed: IndexError"),
    ],
)
def test_a_model_plugin_that_breaks_the_contract_is_blamed(host, tmp_path, monkeypatch, answer, kind, said):
    import hub_toy.model

    monkeypatch.setattr(hub_toy.model, "Talk", Wrong)
    monkeypatch.setattr(Wrong, "answer", staticmethod(answer))
    model = open_plan(toy_plan(), toy_artifact(tmp_path), host)
    with pytest.raises(kind, match=said):
        model.infer(["a", "b"], {})


def test_what_the_caller_raises_comes_out_of_the_model_as_it_is(host, tmp_path):
    model = open_plan(toy_plan(), toy_artifact(tmp_path), host)

    def emit(delta):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        model.infer(["a b"], {"max_tokens": None, "upper": False}, emit)


def test_the_guard_stands_between_model_plugin_and_backend(host, tmp_path, monkeypatch):
    import hub_toy.backend

    monkeypatch.setattr(hub_toy.backend.Toy, "honours", frozenset())
    model = open_plan(toy_plan(), toy_artifact(tmp_path), host)
    with pytest.raises(OptionError, match="backend 'toy' does not honour max_tokens=3"):
        model.infer(["a"], {"max_tokens": 3, "upper": False})


def test_a_closed_model_says_so(host, tmp_path):
    model = open_plan(toy_plan(task="feature-extraction"), toy_artifact(tmp_path), host)
    assert np.array_equal(model.infer(["ab c"], {})[0], [4, 2])
    model.close()
    with pytest.raises(SessionClosed, match="model 'tests/toy' is closed"):
        model.infer(["a"], {})
