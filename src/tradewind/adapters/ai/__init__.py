"""Providers of artificial intelligence."""
