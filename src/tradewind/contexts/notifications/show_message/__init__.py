"""See one message in words."""
