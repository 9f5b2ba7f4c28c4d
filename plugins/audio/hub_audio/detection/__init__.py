"""Voice activity detection: where in a sound somebody speaks."""
