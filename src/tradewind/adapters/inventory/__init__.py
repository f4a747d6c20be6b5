"""Inventory in another process."""
