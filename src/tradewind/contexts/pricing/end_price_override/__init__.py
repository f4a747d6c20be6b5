"""Let the usual prices of a product count again."""
