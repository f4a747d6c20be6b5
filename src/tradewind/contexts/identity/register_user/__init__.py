"""Become a user."""
