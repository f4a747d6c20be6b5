"""Say what was found."""
