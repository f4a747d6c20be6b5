"""Carts: what somebody means to buy, as a history of what they did, until it becomes an order."""
