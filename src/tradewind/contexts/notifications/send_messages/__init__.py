"""Send what is owed: claimed under a lease, handed over outside of every transaction, noted."""
