"""See what waits for a moderator."""
