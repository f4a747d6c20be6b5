"""Say what one thinks of a product."""
