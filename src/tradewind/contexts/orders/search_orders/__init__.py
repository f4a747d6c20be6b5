"""Find orders, for those who help their buyers."""
