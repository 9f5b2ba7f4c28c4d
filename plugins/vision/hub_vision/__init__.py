"""Model plugins for pictures: what is on them, and what is written there."""
