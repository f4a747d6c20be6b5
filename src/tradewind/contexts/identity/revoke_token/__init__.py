"""Log out."""
