"""Lists of customers' orders: the orders' own rows alone, or wide rows on Cassandra beside them."""
