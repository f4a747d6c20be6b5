"""Bring orders to the lists that others keep of them."""
