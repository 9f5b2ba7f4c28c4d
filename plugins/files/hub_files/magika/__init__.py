"""File types by Magika: Fratantonio et al., Magika: AI-Powered Content-Type Detection (https://arxiv.org/abs/2409.13768)."""
