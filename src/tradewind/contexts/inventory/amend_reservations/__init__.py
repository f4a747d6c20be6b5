"""Let an order hold other goods."""
