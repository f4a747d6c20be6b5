"""Give a subscription another secret."""
