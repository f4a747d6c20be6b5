"""Say what a region taxes and where it rounds."""
