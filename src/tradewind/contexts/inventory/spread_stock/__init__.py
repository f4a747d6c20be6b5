"""Bring stock to the snapshot that others keep of it."""
