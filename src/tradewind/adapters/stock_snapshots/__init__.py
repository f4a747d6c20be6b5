"""The snapshot of stock: inventory's own rows alone, or wide rows on Cassandra beside them."""
