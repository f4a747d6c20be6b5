"""See every subscription."""
