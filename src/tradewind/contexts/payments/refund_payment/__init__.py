"""Give money back, all or some of it."""
