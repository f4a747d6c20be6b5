"""The SQL of recommendations."""
