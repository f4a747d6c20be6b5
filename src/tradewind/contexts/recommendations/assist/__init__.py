"""A shopping assistant."""
