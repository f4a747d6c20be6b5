"""Look at what came back, and settle it."""
