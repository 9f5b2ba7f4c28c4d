"""What can be seen of a server: metrics and logs."""
