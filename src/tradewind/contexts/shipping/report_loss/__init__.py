"""The carrier has lost the goods."""
