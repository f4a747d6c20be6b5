"""Let a promotion count."""
