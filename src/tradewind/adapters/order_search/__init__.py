"""Where staff finds orders: the orders' own rows alone, or an index on OpenSearch beside them."""
