"""A plugin with a kind of its own, tasks that take and give it, and a model that is one number."""
