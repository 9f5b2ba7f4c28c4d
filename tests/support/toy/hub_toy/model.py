"""Model plugins over the toy runtime."""

import os

import numpy as np

from hub.errors import InputError
from hub.runtime.protocols import Chat, Delta, Model, Sampling


class Talk(Model):
    def infer(self, inputs, options, emit):
        return [self.answer(index, given, options, emit) for index, given in enumerate(inputs)]

    def answer(self, index, given, options, emit):
        if given == "unpicklable":
            return lambda: None
        if given == "pid":
            return {"generated_text": str(os.getpid()), "finish_reason": "stop"}
        if not isinstance(given, str | list):
            raise InputError(f"a text or a list of messages, not {type(given).__name__}")
        fields = {"prompt": given} if isinstance(given, str) else {"messages": tuple(given)}

        def forward(delta):
            text = delta.text.upper() if options["upper"] else delta.text
            return emit(Delta(index=index, text=text))

        session = next(iter(self.parts.values()))
        reply = session.chat(Chat(**fields, sampling=Sampling(max_tokens=options["max_tokens"])), forward)
        return {
            "generated_text": reply.text,
            "finish_reason": reply.finish,
            "prompt_tokens": reply.prompt_tokens,
            "generated_tokens": reply.tokens,
        }


class Vectors(Model):
    def infer(self, inputs, options, emit):
        if isinstance(inputs[0], np.ndarray):
            return [array * 2 for array in inputs]
        return list(self.parts[""].embed(inputs))
