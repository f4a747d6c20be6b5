"""Let go of what is still held for an order that is off."""
