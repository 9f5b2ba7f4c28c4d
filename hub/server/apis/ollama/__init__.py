"""The interface of Ollama: https://github.com/ollama/ollama/blob/main/docs/api.md."""
