"""A plugin whose runtime obeys every field of a request, but for the one that it is told to get wrong."""
