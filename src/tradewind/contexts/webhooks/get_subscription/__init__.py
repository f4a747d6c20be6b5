"""See one subscription."""
