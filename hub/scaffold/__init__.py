"""New plugins: whole packages from templates that work as they are."""
