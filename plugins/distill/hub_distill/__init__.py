"""Knowledge distillation for openmodelhub: a smaller student learns to answer as its teacher."""
