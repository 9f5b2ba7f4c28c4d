"""Which ways there are to run a model on this machine, what each one is worth, and which is remembered as the best."""
