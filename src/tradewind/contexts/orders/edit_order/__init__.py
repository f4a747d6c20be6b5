"""Change an order before its goods leave the house."""
