"""Look at one review."""
