"""What `/v1/responses` is asked, as a type, and its items as the turns and options that models here take.

Nothing is stored, so nothing earlier can be referred to. Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.server.apis.openai.shapes import JsonSchema, ResponseFormat, schema_of
from hub.server.apis.openai.turns import (
    Call,
    CalledFunction,
    Function,
    FunctionName,
    NamedTool,
    Part,
    Tool,
    Turn,
    choice_of,
    conversation_of,
    tools_of,
)
from hub.server.faults import Fault

__all__ = ["ResponsesRequest"]

_LOGPROBS = "message.output_text.logprobs"
_INCLUDED = (_LOGPROBS, "reasoning.encrypted_content")


class ItemPart(msgspec.Struct):
    """A piece of a message."""

    type: str
    text: str | None = None
    image_url: str | None = None
    detail: str | None = None


class Item(msgspec.Struct):
    """A message, a call of a function, or what it gave; by `type`, which a message may leave out."""

    type: str = "message"
    role: str = ""
    content: str | list[ItemPart] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[ItemPart] | None = None


class TextFormat(msgspec.Struct):
    """What the answer must be."""

    type: str
    name: str = ""
    schema: dict[str, Any] | None = None  # Any: a JSON Schema


class TextOptions(msgspec.Struct):
    """How the answer is written."""

    format: TextFormat | None = None


class FunctionTool(msgspec.Struct):
    """A function that may be called."""

    type: str
    name: str = ""
    description: str | None = None
    parameters: dict[str, Any] | None = None  # Any: a JSON Schema
    strict: bool | None = None


class FunctionChoice(msgspec.Struct):
    """The one function that is to be called."""

    type: str
    name: str = ""


class ResponsesRequest(msgspec.Struct, kw_only=True):
    """`POST /v1/responses`."""

    model: str
    input: str | list[Item]
    instructions: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    text: TextOptions | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: str | FunctionChoice | None = None
    parallel_tool_calls: bool | None = None
    include: list[str] | None = None
    stream: bool | None = None
    store: bool | None = None
    metadata: dict[str, Any] | None = None  # Any: given back as it is
    previous_response_id: str | None = None
    conversation: Any = None  # Any: refused where it is more than nothing
    prompt: Any = None  # Any: as above
    background: bool | None = None
    reasoning: dict[str, Any] | None = None  # Any: refused where it asks for something
    truncation: str | None = None

    def options(self) -> dict[str, object]:
        """Options of the model.

        Raises
        ------
        Fault
            Something is asked for that no model here does.
        """
        self._refuse()
        tools = [self._tool(tool) for tool in self.tools or ()]
        given: dict[str, object] = {
            "max_tokens": self.max_output_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "schema": schema_of(self._format()),
            "top_logprobs": self._logprobs(),
            "tools": tools_of(tools) or None,
            "tool_choice": self._choice([tool.function.name for tool in tools if tool.function is not None]),
            "parallel_tool_calls": self.parallel_tool_calls if tools else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def turns(self) -> list[dict[str, Any]]:  # Any: JSON
        """The conversation, as models take it.

        Raises
        ------
        Fault
            An item is of a kind that no model here takes.
        """
        found = [Turn(role="system", content=self.instructions)] if self.instructions else []
        if isinstance(self.input, str):
            found.append(Turn(role="user", content=self.input))
            return conversation_of(found)
        for place, item in enumerate(self.input):
            turn = _turn(item, f"input[{place}]")
            if turn is None:
                continue
            if turn.tool_calls and found and found[-1].role == "assistant":
                found[-1].tool_calls = [*(found[-1].tool_calls or ()), *turn.tool_calls]
            else:
                found.append(turn)
        return conversation_of(found)

    def _refuse(self) -> None:
        refused = {
            "store": "no answer is stored here: leave it out, or store=False",
            "previous_response_id": "no answer is stored here: send the whole conversation as input",
            "conversation": "no conversation is stored here: send the whole of it as input",
            "prompt": "no prompts are stored here: send instructions and input",
            "background": "answers are given at once or streamed, and not in the background",
        }
        for name, why in refused.items():
            if getattr(self, name):
                raise Fault(400, "unsupported_parameter", why, param=name)
        if any((self.reasoning or {}).values()):
            raise Fault(400, "unsupported_parameter", "no model here thinks apart", param="reasoning")
        if self.truncation not in (None, "disabled"):
            raise Fault(400, "unsupported_parameter", "no conversation is cut here", param="truncation")
        for name in self.include or ():
            if name not in _INCLUDED:
                raise Fault(400, "unsupported_parameter", f"'{name}' cannot be included here", param="include")

    def _format(self) -> ResponseFormat | None:
        wanted = self.text.format if self.text is not None else None
        if wanted is None:
            return None
        schema = None if wanted.schema is None else JsonSchema(schema=wanted.schema, name=wanted.name)
        return ResponseFormat(type=wanted.type, json_schema=schema)

    def _logprobs(self) -> int | None:
        if self.top_logprobs is not None:
            return self.top_logprobs
        return 0 if _LOGPROBS in (self.include or ()) else None

    def _choice(self, names: list[str]) -> str | None:
        choice = self.tool_choice
        named = None if choice is None or isinstance(choice, str) else FunctionName(name=choice.name)
        found = choice_of(choice if named is None else NamedTool(type="function", function=named), names)  # type: ignore[arg-type]
        return found if names or found == "required" else None

    @staticmethod
    def _tool(tool: FunctionTool) -> Tool:
        if tool.type != "function":
            return Tool(type=tool.type)
        function = Function(name=tool.name, description=tool.description, parameters=tool.parameters)
        return Tool(type="function", function=function)


def _turn(item: Item, where: str) -> Turn | None:
    """The turn that an item is; `None` for what models here have no use for."""
    if item.type == "message":
        return Turn(role=item.role, content=_content(item.content, f"{where}.content"))
    if item.type == "function_call":
        call = Call(id=item.call_id, function=CalledFunction(name=item.name, arguments=item.arguments))
        return Turn(role="assistant", tool_calls=[call])
    if item.type == "function_call_output":
        return Turn(role="tool", content=_content(item.output, f"{where}.output"), tool_call_id=item.call_id)
    if item.type == "reasoning":
        return None
    raise Fault(400, "unsupported_content", f"'{item.type}' is no item that models here take", param=where)


def _content(content: str | list[ItemPart] | None, where: str) -> str | list[Part] | None:
    if content is None or isinstance(content, str):
        return content
    return [_part(part, f"{where}[{place}]") for place, part in enumerate(content)]


def _part(part: ItemPart, where: str) -> Part:
    if part.type in ("input_text", "output_text", "text") and part.text is not None:
        return Part(type="text", text=part.text)
    if part.type == "input_image" and part.image_url is not None:
        return Part(type="image_url", image_url=part.image_url)
    told = f"models here take input_text and input_image with its image_url, not '{part.type}'"
    raise Fault(400, "unsupported_content", told, param=where)
