"""Open a price book with its first draft."""
