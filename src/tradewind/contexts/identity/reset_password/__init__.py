"""Get a new password by mail."""
