"""A Hub of one's own: a server that the stock Hugging Face clients cannot tell from the real one."""
