"""Engines of the port `carrier`."""
