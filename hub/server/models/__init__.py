"""Models that run: found by name, loaded on first use, queued for, batched, and unloaded."""
