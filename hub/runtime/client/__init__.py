"""A client of a server of the hub: the models of another process or machine, with the same handles as those of this."""
