"""A plugin whose models are three numbers, and whose transforms bend them in the ways that their names say."""
