"""How a model will be run on this machine, and why not otherwise: facts in, a plan out."""
