"""See the payment of an order."""
