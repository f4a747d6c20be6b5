"""Put one price above all others, for an administrator with a reason."""
