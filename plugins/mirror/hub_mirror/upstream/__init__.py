"""Other hubs: what is taken from them, and how."""
