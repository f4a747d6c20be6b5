"""A token for somebody who only wants to buy."""
