"""A token for a password, and another one for a refresh token."""
