"""End a subscription."""
