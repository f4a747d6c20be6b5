"""Let go of an order whose money is only held."""
