"""Payments in another process."""
