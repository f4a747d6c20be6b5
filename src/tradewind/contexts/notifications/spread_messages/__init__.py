"""Bring messages to the documents that people look at."""
