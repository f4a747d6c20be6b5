"""A review: pure."""
