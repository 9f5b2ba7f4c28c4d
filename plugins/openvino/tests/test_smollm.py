"""SmolLM2-135M through OpenVINO GenAI: answers that mean something, in Q8_0 and from the registry's own Q4_1."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hub_openvino import errands
from hub_openvino.batching import Batched
from hub_openvino.conversion.language import convert
from hub_openvino.fixtures.logits import Formulas, open_logits
from hub_openvino.opening import open_model
from openvino_genai import Tokenizer

import hub
from hub.runtime.protocols import Chat, OpenRequest, Sampling, TransformRequest
from hub.types import Facts
from plugins.openvino.tests.conftest import chat_request, pulled

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def session(smollm):
    opened = open_model(chat_request(smollm, context_length=512))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "answer"), [("Who wrote Romeo and Juliet?", "Shakespeare"), ("What is 2+2?", "4")]
)
def test_answers_with_the_template_of_the_file(session, question, answer):
    messages = ({"role": "user", "content": question},)
    reply = session.chat(Chat(messages=messages, sampling=Sampling(max_tokens=48)), lambda _: False)
    assert answer in reply.text


def test_an_answer_ends_by_itself_and_special_tokens_are_not_shown(session):
    reply = session.chat(Chat(messages=({"role": "user", "content": "What is 2+2?"},)), lambda _: False)
    assert reply.finish == "stop"
    assert reply.prompt_tokens == 37
    assert "<|" not in reply.text


def test_who_comes_while_others_are_answered_joins_within_a_few_steps(smollm, monkeypatch):
    count, filled = 12, []
    begun = Batched._step

    def step(batch):
        filled.append(len(batch._turns))
        begun(batch)

    monkeypatch.setattr(Batched, "_step", step)
    monkeypatch.setattr(errands, "_MOMENT", 0.05)  # as long as a thread may take on a busy machine
    monkeypatch.setattr(errands, "_PATIENCE", 1)
    session = open_model(chat_request(smollm, context_length=512, parallel=count))
    first = Event()

    def answer(number):
        messages = ({"role": "user", "content": f"Tell me about the number {number}."},)
        request = Chat(messages=messages, sampling=Sampling(max_tokens=60, temperature=0))
        return session.chat(request, lambda _: first.set())

    with ThreadPoolExecutor(count) as pool:
        alone = pool.submit(answer, 0)
        assert first.wait(120)
        others = list(pool.map(answer, range(1, count)))
    session.close()
    assert [reply.tokens for reply in (alone.result(), *others)] == [60] * count
    joining = [number for number in filled if 1 < number < count]
    assert filled.index(count) > 0
    assert len(joining) <= 8


def test_through_the_hub_it_streams(smollm):
    with hub.load(str(smollm), backend="openvino", context_length=512, threads=2) as model:
        pieces = list(model.stream("What is 2+2?", max_tokens=32))
    assert len(pieces) > 5
    assert "4" in "".join(pieces)


def test_the_file_of_the_registry_is_converted_by_the_plan_and_answers(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("smollm2-135m", backend="openvino", context_length=512, threads=2) as model:
        answer = model.infer("Who wrote Romeo and Juliet?", max_tokens=48, temperature=0)
    assert [(step.transform, step.asked, step.lossy) for step in model.plan.recipe] == [("gguf-openvino", False, False)]
    assert "Shakespeare" in answer["generated_text"]


def test_the_file_of_the_registry_keeps_its_logits(weights_home, tmp_path):
    [file] = pulled(weights_home, "smollm2-135m").rglob("*.gguf")
    facts = Facts(task="text-generation", family="llama", format="gguf", files=(), parts={"": (file.name,)})
    convert(TransformRequest(path=file.parent, out=tmp_path, facts=facts))
    made = replace(facts, format="openvino", parts={"": tuple(path.name for path in tmp_path.iterdir())})
    text = (Path(hub.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    ids = Tokenizer(tmp_path).encode(text).input_ids.data[:, :512]
    after = open_logits(OpenRequest(path=tmp_path, verb="run", device="cpu", facts=made)).run({"input_ids": ids})
    before = Formulas(file)({"input_ids": ids})["logits"]
    assert np.abs(after["logits"] - before).max() < 2e-3 * np.abs(before).max()
    assert (after["logits"].argmax(-1) == before.argmax(-1)).mean() > 0.99


def test_close_gives_the_memory_back(smollm):
    script = f"""
import gc, psutil
from pathlib import Path
from hub.runtime.protocols import Chat, Sampling
from hub.testing import reclaim
from plugins.openvino.tests.conftest import chat_request
from hub_openvino.opening import open_model
from openvino_genai import Tokenizer
import hub_openvino.chats
def resident():
    reclaim()
    return psutil.Process().memory_info().rss
before = resident()
session = open_model(chat_request(Path({str(smollm)!r}), context_length=512))
session.chat(Chat(prompt="Hello", sampling=Sampling(max_tokens=2)), lambda _: False)
opened = resident()
session.close()
print(opened - before, resident() - before)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    opened, closed = map(int, found.stdout.split())
    assert opened > 150_000_000
    assert closed < opened / 2
