"""What LangChain's classes for OpenAI make of a server, as JSON: run with its address and the names of two models."""

import json
import sys
from typing import Annotated

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import Field

url, chat, vectors = sys.argv[1:]
common = {"base_url": url, "api_key": "none", "model": chat, "temperature": 0, "max_retries": 0}
person = {
    "title": "person",
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 1, "maximum": 99}},
    "required": ["age"],
    "additionalProperties": False,
}
sky = "Why is the sky blue?"


@tool
def weather(days: Annotated[int, Field(ge=1, le=9)]) -> str:
    """Forecast for some days."""
    return f"{days} days of sun"


model = ChatOpenAI(**common, max_tokens=60)
few = ChatOpenAI(**common, max_tokens=6, logprobs=True, top_logprobs=1)
called = model.bind_tools([weather], tool_choice="weather", parallel_tool_calls=False).invoke("Weather?")
call = called.tool_calls[0]
answer = few.invoke(sky)
embeddings = OpenAIEmbeddings(
    base_url=url, api_key="none", model=vectors, check_embedding_ctx_length=False, max_retries=0
)
refused = ""
try:
    embeddings.client.create(model=vectors, input=[[1, 2]])
except Exception as error:
    refused = str(error)
told = {
    "answer": answer.content,
    "streamed": "".join(piece.content for piece in few.stream(sky)),
    "usage": answer.usage_metadata,
    "logprobs": len(answer.response_metadata["logprobs"]["content"]),
    "responses": ChatOpenAI(**common, max_tokens=6, use_responses_api=True).invoke(sky).text,
    "call": {"name": call["name"], "args": call["args"]},
    "structured": model.with_structured_output(person, method="json_schema").invoke("Describe a person."),
    "vectors": [len(each) for each in embeddings.embed_documents(["a cat", "a dog"])]
    + [len(embeddings.embed_query("a"))],
    "refused": refused,
}
print(json.dumps(told))
