"""The interfaces that clients speak, each in modules of its own; none knows another."""
