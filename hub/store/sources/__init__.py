"""Sources that the core brings, one module each, imported when a file names their scheme.

Knows nothing of which source serves which scheme: `hub.plugin.builtin` says so.
"""
