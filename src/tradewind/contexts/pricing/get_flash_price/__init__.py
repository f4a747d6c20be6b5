"""See at which price a flash sale sells a product."""
