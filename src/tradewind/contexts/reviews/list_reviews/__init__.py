"""Read what others say of a product."""
