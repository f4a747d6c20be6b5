"""Brings vendors' feeds into the catalog: read and understood line by line, written some hundred at a time."""
