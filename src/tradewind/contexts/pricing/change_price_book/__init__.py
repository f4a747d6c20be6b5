"""Name a price book otherwise, or give its draft another time window."""
