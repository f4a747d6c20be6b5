"""Choose another password."""
