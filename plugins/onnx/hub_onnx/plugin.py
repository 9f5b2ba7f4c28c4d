"""What this package gives; imports nothing but the contract."""
