"""`llm` and LangChain's classes for OpenAI work unchanged on real models, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.weights, pytest.mark.slow]

CHAT, VECTORS = "smollm2-135m", "all-minilm-l6-v2"
SKY = "Why is the sky blue?"


@pytest.fixture
def run(clients, tmp_path):
    """A command of a client, alone with its settings; what it prints."""

    def run(*arguments, given=None):
        env = {**os.environ, "PYTHONPATH": clients, "LLM_USER_PATH": str(tmp_path), "LANGSMITH_TRACING": "false"}
        env = {name: value for name, value in env.items() if not name.startswith("OPENAI_")}
        fed = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        command = [sys.executable, "-W", "ignore", *map(str, arguments)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, cwd=tmp_path, **fed)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def test_llm_answers_from_the_shell(real, run, tmp_path):
    about = {"model_id": "here", "model_name": CHAT, "api_base": f"{real.url}/v1"}
    about |= {"supports_schema": True, "supports_tools": True, "can_stream": True}
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps([about]))
    few = ("-o", "temperature", "0", "-o", "max_tokens", "8")
    whole = run("-m", "llm", "-m", "here", *few, "--no-stream", SKY)
    assert whole.strip()
    assert run("-m", "llm", "-m", "here", *few, given=SKY) == whole


def test_langchain_chats_streams_calls_tools_and_embeds(real, run):
    script = ROOT / "tests" / "support" / "langchain_client.py"
    told = json.loads(run(script, f"{real.url}/v1", CHAT, VECTORS))
    assert told["answer"] == told["streamed"] == told["responses"] != ""
    assert told["usage"]["output_tokens"] == told["logprobs"] == 6
    assert told["call"]["name"] == "weather"
    assert isinstance(told["call"]["args"]["days"], int)
    assert 1 <= told["structured"]["age"] <= 99
    assert told["vectors"] == [384, 384, 384]
    assert "check_embedding_ctx_length=False" in told["refused"]
