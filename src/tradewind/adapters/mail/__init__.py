"""Engines of the port `mail`."""
