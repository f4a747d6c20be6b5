"""Hear from an outside issuer that somebody logged out there."""
