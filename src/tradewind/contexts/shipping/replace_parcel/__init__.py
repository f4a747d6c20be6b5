"""Send the same goods once more."""
