"""The interface of OpenAI: https://platform.openai.com/docs/api-reference."""
