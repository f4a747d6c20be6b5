"""Sign with another key from time to time."""
