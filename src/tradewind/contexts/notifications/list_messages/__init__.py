"""See what was written to people, the newest first."""
