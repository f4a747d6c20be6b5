"""What the shop does: one folder a context, one folder a use case."""
