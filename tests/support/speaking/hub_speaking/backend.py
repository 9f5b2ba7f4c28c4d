"""Says the token that its table finds likeliest after the last one. `fault` names what it gets wrong."""

import json

import numpy as np

from hub.errors import ContextOverflow, InferenceError
from hub.runtime.protocols import Delta, Generated, Reply, Session

COUNT, CONTEXT, MOST = 32, 64, 100
TABLE = np.random.default_rng(3).normal(size=(COUNT, COUNT)) * 2
SAMPLING = {"max_tokens", "temperature", "top_p", "top_k", "seed"}
CHATTING = {"stop", "schema", "tools", "top_logprobs"}


class Speaker(Session):
    concurrency = 4

    def __init__(self, verb, fault):
        self.fault = fault
        self.metadata = {"context_length": CONTEXT}
        self.honours = frozenset(SAMPLING | (CHATTING if verb == "chat" else {"eos", "suppress"}))

    def chat(self, request, emit):
        text = request.prompt or request.messages[-1]["content"]
        if len(text.split()) > CONTEXT and self.fault != "cuts prompts":
            raise ContextOverflow("the prompt is too long")
        if request.schema and self.fault == "refuses schema":
            raise InferenceError("no grammar here")
        if request.schema and self.fault != "ignores schema":
            answer = json.dumps({"answer": 7})
            emit(Delta(text=answer))
            return Reply(text=answer, finish="stop", tokens=1, prompt_tokens=1)
        if request.tools and request.tool_choice == "required":
            return self.called(emit)
        said, shown, finish, tokens, logprobs = "", 0, "length", 0, []
        longest = max(map(len, request.stop), default=0)
        stops = () if self.fault == "ignores stop" else request.stop
        for token in self.tokens(len(text) % COUNT, request.sampling, ()):
            said, tokens = f"{said} {chr(65 + token)}", tokens + 1
            if request.top_logprobs is not None:
                logprobs.append(self.likely(token, request.top_logprobs))
            found = [said.index(stop) for stop in stops if stop in said]
            if found:
                said, finish = said[: min(found)], "stop"
                break
            ready = said[shown : max(shown, len(said) - longest)]
            shown += len(ready)
            if ready and self.told(emit, Delta(text=ready)):
                return Reply(text=said[:shown], finish="cancelled", tokens=tokens, prompt_tokens=1)
        if said[shown:]:
            self.told(emit, Delta(text=said[shown:]))
        return Reply(text=said, finish=finish, tokens=tokens, prompt_tokens=1, logprobs=tuple(logprobs))

    def called(self, emit):
        if self.fault == "ignores tools":
            emit(Delta(text="no"))
            return Reply(text="no", finish="stop", tokens=1, prompt_tokens=1)
        arguments = json.dumps({"number": 7})
        call = {"id": "call_0", "type": "function", "function": {"name": "tell", "arguments": arguments}}
        for start in (0, 5):
            piece = {"arguments": arguments[start : start + 5 if start == 0 else None]}
            emit(Delta(value={"tool_calls": [{"index": 0, **call, "function": {"name": "tell", **piece}}]}))
        return Reply(text="", finish="stop", tokens=1, prompt_tokens=1, tool_calls=(call,))

    def likely(self, token, count):
        others = [(token + place) % COUNT for place in range(count)]
        if self.fault == "tells others":
            others.reverse()
        rows = [
            {"token": chr(65 + each), "bytes": [65 + each], "logprob": -0.5 - place}
            for place, each in enumerate(others)
        ]
        return {"token": chr(65 + token), "bytes": [65 + token], "logprob": -0.5, "top_logprobs": rows}

    def generate(self, request, emit):
        last = [prompt[-1] for prompt in request.prompts]
        if self.fault == "pads":
            last = [last[0]] * len(last)
        found = []
        for index, start in enumerate(last):
            ids, finish = [], "length"
            suppress = () if self.fault == "ignores suppress" else request.suppress
            for token in self.tokens(start % COUNT, request.sampling, suppress):
                if token in request.eos and self.fault != "ignores eos":
                    finish = "stop"
                    break
                ids.append(token)
                if self.told(emit, Delta(index=index, ids=(token,))):
                    finish = "cancelled"
                    break
            found.append(Generated(ids=tuple(ids), finish=finish, prompt_tokens=len(request.prompts[index])))
        return found

    def embed(self, texts):
        vectors = np.array([[len(text), len(text.split()), 1] for text in texts], np.float32)
        return vectors + len(texts) ** 4 * np.eye(3, dtype=np.float32)[0] if self.fault == "pads" else vectors

    def told(self, emit, delta):
        if self.fault == "emits less" and (delta.ids == (delta.ids[0] if delta.ids else 0,) or delta.text):
            delta = Delta(index=delta.index)
        return emit(delta) and self.fault != "goes on"

    def tokens(self, last, sampling, suppress):
        seed = None if self.fault == "ignores seed" else sampling.seed
        generator = np.random.default_rng(seed)
        limit = sampling.max_tokens or MOST
        for _ in range(12 if self.fault == "ignores max_tokens" and sampling.max_tokens else limit):
            logits = TABLE[last].copy()
            logits[list(suppress)] = -np.inf
            last = self.chosen(logits, sampling, generator)
            yield last

    def chosen(self, logits, sampling, generator):
        if not sampling.temperature or self.fault == "ignores temperature":
            return int(np.argmax(logits))
        order = np.argsort(-logits)
        weights = np.exp((logits[order] - logits[order[0]]) / sampling.temperature)
        weights /= weights.sum()
        if sampling.top_k and self.fault != "ignores top_k":
            weights[sampling.top_k :] = 0
        if sampling.top_p < 1 and self.fault != "ignores top_p":
            weights[np.cumsum(weights) - weights >= sampling.top_p] = 0
        return int(generator.choice(order, p=weights / weights.sum()))


def open_speaker(request):
    return Speaker(request.verb, request.options["fault"])
