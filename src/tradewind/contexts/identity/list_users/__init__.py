"""See users."""
