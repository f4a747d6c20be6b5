"""Say what somebody may be about to type."""
