"""Pictures of what `hub bench` measured, as a self-contained HTML page and as PNG. Made of its JSON alone."""
