"""A page on which staff sees messages."""
