"""See the orders of one customer."""
