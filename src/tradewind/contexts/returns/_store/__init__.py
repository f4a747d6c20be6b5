"""The SQL of returns."""
