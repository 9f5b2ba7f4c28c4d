"""What the catalogue's tables mean, one module each. Functions take the connection of a transaction."""
