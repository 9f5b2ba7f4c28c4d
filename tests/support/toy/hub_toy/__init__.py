"""A plugin whose runtime does what a test writes into the prompt."""
