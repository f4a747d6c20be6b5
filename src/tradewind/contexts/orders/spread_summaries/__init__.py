"""Bring what has changed of orders to the index in which staff finds them."""
