"""Model as a service: every model that the hub can run, over the interfaces that clients already speak.

Needs the extra `openmodelhub[serve]`. `hub.cli` starts it by name and knows nothing of it; it talks to a server that
runs over HTTP alone, as any other client.
"""
