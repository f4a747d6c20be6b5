"""Plan a flash sale; it starts by itself."""
