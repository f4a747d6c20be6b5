"""Log out elsewhere."""
