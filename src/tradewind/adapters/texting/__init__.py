"""Engines of the port `texting`."""
